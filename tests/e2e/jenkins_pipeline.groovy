// Copyright: Bulkhead contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Runs a declarative pipeline in the place of Jenkins, which Debian does not have: groovy jenkins_pipeline.groovy FILE FOLDER
// FILE is a script of the Job DSL, as configuration as code holds it, with one pipelineJob.
// Steps are told, one JSON object a line. `sh` is really run in FOLDER; where it fails, the other stages are left out, the
// steps of `post { always }` are run, and the exit code is 1. `checkout` by git is only told.
import groovy.json.JsonOutput

class Scope {
    Closure unknown
    def methodMissing(String name, args) { unknown(name, args as List) }
}

class Runner {
    Map<String, String> environment = [:]
    File folder
    List stages = []
    Closure always

    def tell(String step, value) { println JsonOutput.toJson([step: step, value: value]) }

    def run(Closure body, Object scope) {
        body.delegate = scope
        body.resolveStrategy = Closure.DELEGATE_FIRST
        body()
    }

    def pipeline(Closure body) {
        run(body, new Scope(unknown: { name, args -> section(name, args) }))
        boolean failed = false
        for (stage in stages) {
            tell('stage', stage[0])
            try {
                run(stage[1], new Scope(unknown: { name, args -> if (name == 'steps') run(args[0], steps()) else throw new MissingMethodException(name, Runner, args as Object[]) }))
            } catch (IllegalStateException stopped) {
                tell('failed', stopped.message)
                failed = true
                break
            }
        }
        if (always) run(always, steps())
        return failed
    }

    def section(String name, List args) {
        switch (name) {
            case 'agent': case 'options': run(args[0], new Scope(unknown: { option, values -> tell("$name.$option", values) })); break
            case 'environment': run(args[0], new Expando()); environment.putAll(read(args[0])); break
            case 'stages': run(args[0], new Scope(unknown: { kind, values -> stages << values })); break
            case 'post': run(args[0], new Scope(unknown: { kind, values -> always = values[0] })); break
            default: throw new MissingMethodException(name, Runner, args as Object[])
        }
    }

    Map read(Closure body) {
        def values = new Expando()
        run(body, values)
        return values.properties.collectEntries { key, value -> [key, value.toString()] }
    }

    def steps() { new Scope(unknown: { name, args -> step(name, args) }) }

    def step(String name, List args) {
        tell(name, args.findAll { !(it instanceof Closure) })
        if (name == 'sh') shell(args[0].toString())
        if (name == 'withCredentials') {
            args[0].each { environment[it.usernameVariable] = 'jenkins'; environment[it.passwordVariable] = System.getenv('TEST_PASSWORD') }
            run(args[1], steps())
        }
        return name in ['usernamePassword', 'sarif'] ? args[0] : null
    }

    def shell(String script) {
        def builder = new ProcessBuilder('sh', '-e', '-c', script).directory(folder).redirectErrorStream(true)
        builder.environment().putAll(environment)
        def process = builder.start()
        def said = process.inputStream.text
        def status = process.waitFor()
        tell('said', [status: status, text: said])
        if (status) throw new IllegalStateException("exit code $status")
    }
}

def runner = new Runner(folder: new File(args[1]))
def binding = new Binding()
binding.setVariable('pipeline', { Closure body -> binding.setVariable('failed', runner.pipeline(body)) })
// pipelineJob(name) { definition { cps { sandbox(true); script('…') } } }
binding.setVariable('pipelineJob', { String name, Closure body ->
    def inside
    inside = new Scope(unknown: { word, values ->
        if (values[0] instanceof Closure) runner.run(values[0], inside)
        else if (word == 'script') new GroovyShell(binding).evaluate(values[0])
        else runner.tell(word, values)
    })
    runner.tell('pipelineJob', name)
    runner.run(body, inside)
})
new GroovyShell(binding).evaluate(new File(args[0]))
System.exit(binding.getVariable('failed') ? 1 : 0)

using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using WireGate.Configuration;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Policy;

namespace WireGate.Commands;

/// <summary><c>wiregate policy</c>: rules held against fixtures, and against what was recorded.</summary>
internal static class PolicyCommand
{
    private const int MostShown = 80;

    internal static Command Create() => new("policy", "Test rules, and see what a change of them would change.") { CreateTest(), CreateDiff() };

    private static Command CreateTest()
    {
        var directory = new Argument<string>("DIR") { Description = "The directory of the fixtures: *.yaml, each with fixtures: [{ name, given, expect }]." };
        var config = new Option<string>("--config") { Description = "The config file.", DefaultValueFactory = _ => CheckCommand.DefaultConfig };
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new Command("test", "Hold the rules against fixtures. Exit code 1: one got another answer.") { directory, config, json };
        command.SetAction(result =>
        {
            InvocationConfiguration streams = result.InvocationConfiguration;
            void Tell(ImmutableArray<ConfigError> errors) => Errors.Tell(result, errors);
            try
            {
                if (PolicyFiles.Load(result.GetRequiredValue(config), Tell) is not { } loaded
                    || PolicyFiles.Fixtures(result.GetRequiredValue(directory), Tell) is not { } fixtures)
                {
                    return CommandLine.Usage;
                }

                return Test(loaded, fixtures, result.GetValue(json), streams.Output);
            }
            catch (Exception e) when (e is PolicyException or InvalidOperationException)
            {
                Errors.Tell(result, e.Message);
                return CommandLine.Usage;
            }
        });
        return command;
    }

    private static int Test(GatewayConfig config, ImmutableArray<PolicyFixture> fixtures, bool asJson, TextWriter output)
    {
        var touched = new HashSet<string>(StringComparer.Ordinal);
        var wrong = new List<(PolicyFixture Fixture, string What)>();
        foreach (PolicyFixture fixture in fixtures)
        {
            if (fixture.Expect.Find(PolicyAnswer.Of(config, fixture.Given).Decision) is { } what)
            {
                wrong.Add((fixture, what));
            }

            touched.UnionWith(PolicyAnswer.Touched(config, fixture.Given));
        }

        string[] untouched = [.. config.Rules.List.Select(r => r.Name).Where(name => !touched.Contains(name))];
        if (asJson)
        {
            output.WriteLine(new JsonObject
            {
                ["ok"] = wrong.Count == 0,
                ["fixtures"] = fixtures.Length,
                ["failed"] = new JsonArray([.. wrong.Select(w => new JsonObject { ["file"] = w.Fixture.File, ["name"] = w.Fixture.Name, ["what"] = w.What })]),
                ["untouchedRules"] = new JsonArray([.. untouched.Select(u => JsonValue.Create(u))]),
            }.ToJsonString(ConfigSchema.Printed));
            return wrong.Count == 0 ? CommandLine.Ok : CommandLine.No;
        }

        foreach ((PolicyFixture fixture, string what) in wrong)
        {
            output.WriteLine($"FAILED {Printable.Escape($"{fixture.File}: {fixture.Name}: {what}")}");
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{fixtures.Length - wrong.Count} of {fixtures.Length} fixtures as expected"));
        foreach (string rule in untouched)
        {
            output.WriteLine($"no fixture touches rule {rule}");
        }

        return wrong.Count == 0 ? CommandLine.Ok : CommandLine.No;
    }

    private static Command CreateDiff()
    {
        var before = new Argument<string>("OLD") { Description = "The config file before." };
        var after = new Argument<string>("NEW") { Description = "The config file after." };
        var against = new Option<string>("--against") { Description = "The directory of the audit log.", Required = true };
        var json = new Option<bool>("--json") { Description = "Print one JSON object for each operation that would be decided otherwise." };
        var command = new Command("diff", "Say which recorded operations would be decided otherwise. Exit code 1: there are some.")
        {
            before, after, against, json,
        };
        command.SetAction(result =>
        {
            InvocationConfiguration streams = result.InvocationConfiguration;
            void Tell(ImmutableArray<ConfigError> errors) => Errors.Tell(result, errors);
            if (PolicyFiles.Load(result.GetRequiredValue(before), Tell) is not { } old
                || PolicyFiles.Load(result.GetRequiredValue(after), Tell) is not { } changed)
            {
                return CommandLine.Usage;
            }

            string directory = result.GetRequiredValue(against);
            if (!Directory.Exists(directory) || (!AuditReader.Read(directory).Any() && AuditVerifier.Verify(directory).Count == 0))
            {
                Errors.Tell(result, $"there is no audit log in {directory}: name the directory that audit.to of the config says");
                return CommandLine.Usage;
            }

            return Diff(old, changed, directory, result.GetValue(json), streams.Output);
        });
        return command;
    }

    private static int Diff(GatewayConfig before, GatewayConfig after, string directory, bool asJson, TextWriter output)
    {
        int operations = 0, undecided = 0, assumed = 0, different = 0;
        foreach (RecordedOperation operation in RecordedOperations.Read(directory))
        {
            operations++;
            assumed += operation.IsAssumed ? 1 : 0;
            if (operation.Question is not { } question || Decide(before, question) is not { } old || Decide(after, question) is not { } changed)
            {
                undecided++;
                continue;
            }

            if (old.Verdict == changed.Verdict && old.Masks.ToString() == changed.Masks.ToString())
            {
                continue;
            }

            different++;
            (string kind, string what) = question switch
            {
                { Ssh: { } ssh } => ("ssh", SshQuestions.Describe(ssh)),
                { Http: { } http } => ("http", HttpQuestions.Describe(http)),
                _ => ("sql", question.Sql),
            };
            if (asJson)
            {
                output.WriteLine(new JsonObject
                {
                    ["time"] = operation.Time.UtcDateTime.ToString("O"),
                    ["session"] = operation.Session,
                    ["identity"] = question.Identity.ToString(),
                    ["target"] = question.Target,
                    [kind] = what,
                    ["recorded"] = Answers.Word(operation.Verdict),
                    ["assumed"] = operation.IsAssumed ? new JsonArray("tls", "application") : null,
                    ["old"] = Describe(old),
                    ["new"] = Describe(changed),
                }.ToJsonString());
            }
            else
            {
                string shown = what.Length > MostShown ? $"{what[..MostShown]}…" : what;
                output.WriteLine($"{operation.Time.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}  {Printable.Escape($"{question.Identity} {question.Target}")}  {Describe(old)} -> {Describe(changed)}  {Printable.Escape(shown)}");
            }
        }

        if (!asJson)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{different} of {operations} recorded operations would be decided otherwise"));
            if (undecided > 0)
            {
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{undecided} cannot be asked again: the log does not have their whole text, or a config not their target"));
            }

            if (assumed > 0)
            {
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{assumed} are of sessions of which the log does not tell TLS and the application's name: assumed are TLS and no name"));
            }
        }

        return different == 0 ? CommandLine.Ok : CommandLine.No;
    }

    private static Decision? Decide(GatewayConfig config, PolicyQuestion question)
    {
        try
        {
            return PolicyAnswer.Of(config, question).Decision;
        }
        catch (PolicyException)
        {
            return null;
        }
    }

    private static string Describe(Decision decision) =>
        $"{Answers.Word(decision.Verdict)} ({decision.Rule ?? "default"}{(decision.Masks.IsEmpty ? "" : $", masks {decision.Masks}")})";
}

using System.CommandLine;
using System.Globalization;
using WireGate.Admin.Api;

namespace WireGate.Commands;

/// <summary><c>wiregate session list | kill</c></summary>
internal static class SessionCommand
{
    /// <param name="readConfig">Reads <c>admin.socket.path</c> of a config file.</param>
    public static Command Create(Func<string, string> readConfig) => new("session", "List and kill sessions")
    {
        List(new AdminOptions(readConfig)),
        Kill(new AdminOptions(readConfig)),
    };

    private static Command List(AdminOptions admin)
    {
        Command command = new("list", "List the open sessions");
        admin.Complete(command, async (parsed, client, cancellationToken) =>
        {
            IReadOnlyList<SessionView> all = await client.GetAsync("v1/sessions", AdminJson.Default.IReadOnlyListSessionView, cancellationToken);
            admin.Print(parsed, all, AdminJson.Default.IReadOnlyListSessionView, (output, isTerminal) => Table.Write(
                output, isTerminal,
                ["ID", "PHASE", "IDENTITY", "TARGET", "LOGIN", "DATABASE", "PLACEHOLDER", "SOURCE", "OPENED", "IN", "OUT"],
                all.Select(s => (IReadOnlyList<string?>)
                [
                    s.Id, s.Phase, s.Identity, s.Target, s.Login, s.Database, s.Placeholder, s.Source, AdminOptions.Show(s.Opened),
                    s.ClientBytes.ToString(CultureInfo.InvariantCulture), s.UpstreamBytes.ToString(CultureInfo.InvariantCulture),
                ])));
        });
        return command;
    }

    private static Command Kill(AdminOptions admin)
    {
        Argument<string?> id = new("ID") { Description = "The session", Arity = ArgumentArity.ZeroOrOne };
        Option<string?> identity = new("--identity") { Description = "Those of this identity; without an issuer: local", HelpName = "ISSUER:SUBJECT" };
        Option<string?> target = new("--target") { Description = "Those that reach this target" };
        Option<string?> placeholder = new("--placeholder") { Description = "Those opened with this placeholder", HelpName = "ID" };
        Command command = new("kill", "End sessions") { id, identity, target, placeholder };
        command.Validators.Add(result =>
        {
            if (result.GetValue(id) is null && result.GetResult(identity) is null && result.GetResult(target) is null
                && result.GetResult(placeholder) is null)
            {
                result.AddError("say which: an ID, --identity, --target or --placeholder");
            }
        });
        admin.Complete(command, async (parsed, client, cancellationToken) =>
        {
            string? who = parsed.GetValue(identity);
            KillBody body = new()
            {
                Id = parsed.GetValue(id),
                Identity = who is null || who.Contains(':', StringComparison.Ordinal) ? who : $"local:{who}",
                Target = parsed.GetValue(target),
                Placeholder = parsed.GetValue(placeholder),
            };
            KilledView killed = await client.PostAsync(
                "v1/sessions/kill", body, AdminJson.Default.KillBody, AdminJson.Default.KilledView, cancellationToken);
            admin.Print(parsed, killed, AdminJson.Default.KilledView, (output, _) => output.WriteLine($"{killed.Killed} sessions end"));
        });
        return command;
    }
}

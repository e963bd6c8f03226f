using System.CommandLine;
using System.Globalization;
using WireGate.Admin.Api;

namespace WireGate.Commands;

/// <summary><c>wiregate placeholder mint | list | show | revoke</c></summary>
internal static class PlaceholderCommand
{
    private static readonly Dictionary<string, string> EmptyClaims = [];

    /// <param name="readConfig">Reads <c>admin.socket.path</c> of a config file.</param>
    public static Command Create(Func<string, string> readConfig) => new("placeholder", "Mint, list, show and revoke placeholders")
    {
        Mint(new AdminOptions(readConfig)),
        List(new AdminOptions(readConfig)),
        Show(new AdminOptions(readConfig)),
        Revoke(new AdminOptions(readConfig)),
    };

    private static Command Mint(AdminOptions admin)
    {
        Option<string> subject = new("--subject") { Description = "On whose behalf it is presented", Required = true };
        Option<string[]> groups = new("--group") { Description = "A group of the subject; may be repeated" };
        Option<string[]> claims = new("--claim") { Description = "What else is said of the subject, for rules to ask; may be repeated", HelpName = "NAME=VALUE" };
        claims.Validators.Add(result =>
        {
            string[] names = [.. (result.GetValueOrDefault<string[]>() ?? []).Select(c => c.Split('=', 2)[0])];
            if (result.Tokens.Any(t => t.Value.IndexOf('=', StringComparison.Ordinal) < 1))
            {
                result.AddError("--claim: a name and a value, such as team=payments");
            }
            else if (names.Distinct(StringComparer.Ordinal).Count() != names.Length)
            {
                result.AddError("--claim: each name once");
            }
        });
        Option<string[]> targets = new("--target") { Description = "A target it may reach; may be repeated", Required = true };
        Option<string?> login = new("--login") { Description = "The login it asks for [default: the grant's]" };
        Option<string?> ttl = AdminOptions.DurationOption("--ttl", "How long it may be presented [default: the config's]");
        Option<string?> session = AdminOptions.DurationOption("--session", "How long a session may live");
        Option<int?> uses = new("--uses") { Description = "How many sessions it may open [default: any number]" };
        Option<string[]> sources = new("--source") { Description = "A network it may be presented from; may be repeated", HelpName = "CIDR" };
        Option<DateTimeOffset?> notBefore = AdminOptions.TimeOption("--not-before", "Before this moment it is refused");
        Option<string?> parent = new("--parent") { Description = "The placeholder that it is narrowed from", HelpName = "ID" };
        Option<string> form = new("--as") { Description = "What to print: token, dsn, env, ssh-config, kubeconfig or curl", DefaultValueFactory = _ => "token" };
        form.Validators.Add(result =>
        {
            switch (result.GetValueOrDefault<string>())
            {
                case "token" or "dsn" or "env" or "ssh-config" or "kubeconfig" or "curl":
                    break;
                case string other:
                    result.AddError($"--as {other}: token, dsn, env, ssh-config, kubeconfig or curl");
                    break;
            }
        });
        Command command = new("mint", "Mint a placeholder and print its token, once")
        {
            subject, groups, claims, targets, login, ttl, session, uses, sources, notBefore, parent, form,
            AdminOptions.NotBuilt("--operations"), AdminOptions.NotBuilt("--shape"), AdminOptions.NotBuilt("--canary"),
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(form) is { Implicit: false } && result.GetValue(form) is "dsn" or "env" or "ssh-config" or "kubeconfig" or "curl"
                && result.GetValue(targets) is { Length: > 1 })
            {
                result.AddError($"--as {result.GetValue(form)}: name one --target only");
            }
        });
        admin.Complete(command, async (parsed, client, cancellationToken) =>
        {
            MintBody body = new()
            {
                Subject = parsed.GetRequiredValue(subject),
                Groups = parsed.GetValue(groups),
                Claims = parsed.GetValue(claims) is { Length: > 0 } given ? given.Select(c => c.Split('=', 2)).ToDictionary(c => c[0], c => c[1]) : null,
                Targets = parsed.GetRequiredValue(targets),
                Login = parsed.GetValue(login),
                Ttl = parsed.GetValue(ttl),
                Session = parsed.GetValue(session),
                Uses = parsed.GetValue(uses),
                Sources = parsed.GetValue(sources),
                NotBefore = parsed.GetValue(notBefore),
                Parent = parsed.GetValue(parent),
            };
            byte[] answer = await client.PostAsync("v1/placeholders", body, AdminJson.Default.MintBody, cancellationToken);
            using MintOutput minted = MintOutput.Read(answer);
            await WarnAsync(parsed, minted);
            minted.Write(parsed.InvocationConfiguration.Output, admin.IsJson(parsed) ? MintFormat.Json : parsed.GetValue(form) switch
            {
                "dsn" => MintFormat.Dsn,
                "env" => MintFormat.Env,
                "ssh-config" => MintFormat.SshConfig,
                "kubeconfig" => MintFormat.Kubeconfig,
                "curl" => MintFormat.Curl,
                _ => MintFormat.Token,
            });
        });
        return command;
    }

    /// <summary>Tells what the daemon thinks of what it minted.</summary>
    public static async Task WarnAsync(ParseResult parsed, MintOutput minted)
    {
        foreach (string warning in minted.Warnings)
        {
            await parsed.InvocationConfiguration.Error.WriteLineAsync($"wiregate: warning: {Printable.Escape(warning)}");
        }
    }

    private static Command List(AdminOptions admin)
    {
        Command command = new("list", "List the placeholders");
        admin.Complete(command, async (parsed, client, cancellationToken) =>
        {
            IReadOnlyList<PlaceholderView> all =
                await client.GetAsync("v1/placeholders", AdminJson.Default.IReadOnlyListPlaceholderView, cancellationToken);
            admin.Print(parsed, all, AdminJson.Default.IReadOnlyListPlaceholderView, (output, isTerminal) => Table.Write(
                output, isTerminal, ["ID", "STATE", "IDENTITY", "TARGETS", "LOGIN", "EXPIRES", "USES"], all.Select(p => (IReadOnlyList<string?>)
                    [p.Id, p.State, p.Identity, string.Join(',', p.Targets), p.Login, AdminOptions.Show(p.Expires), Uses(p)])));
        });
        return command;
    }

    private static Command Show(AdminOptions admin)
    {
        Argument<string> id = new("ID") { Description = "The ten characters after wgp_" };
        Command command = new("show", "Show one placeholder; never its token") { id };
        admin.Complete(command, async (parsed, client, cancellationToken) =>
        {
            string path = $"v1/placeholders/{Uri.EscapeDataString(parsed.GetRequiredValue(id))}";
            PlaceholderView p = await client.GetAsync(path, AdminJson.Default.PlaceholderView, cancellationToken);
            admin.Print(parsed, p, AdminJson.Default.PlaceholderView, (output, isTerminal) => Table.Write(
                output, isTerminal, ["PLACEHOLDER", p.Id], new (string Name, string? Value)[]
                {
                    ("state", p.State),
                    ("identity", p.Identity),
                    ("groups", string.Join(", ", p.Groups)),
                    ("claims", string.Join(", ", (p.Claims ?? EmptyClaims).Select(c => $"{c.Key}={c.Value}"))),
                    ("targets", string.Join(", ", p.Targets)),
                    ("login", p.Login),
                    ("sources", string.Join(", ", p.Sources)),
                    ("not before", AdminOptions.Show(p.NotBefore)),
                    ("expires", AdminOptions.Show(p.Expires)),
                    ("session", p.Session),
                    ("uses left", Uses(p)),
                    ("parent", p.Parent),
                    ("minted by", p.MintedBy),
                    ("minted", AdminOptions.Show(p.Minted)),
                    ("revoked", AdminOptions.Show(p.Revoked)),
                }.Select(line => (IReadOnlyList<string?>)[line.Name, line.Value])));
        });
        return command;
    }

    private static Command Revoke(AdminOptions admin)
    {
        Argument<string?> id = new("ID") { Description = "The placeholder, with all that were narrowed from it", Arity = ArgumentArity.ZeroOrOne };
        Option<bool> all = new("--all") { Description = "Every one" };
        Option<string?> target = new("--target") { Description = "Those that may reach this target" };
        Option<DateTimeOffset?> before = AdminOptions.TimeOption("--issued-before", "Those minted before this moment");
        Command command = new("revoke", "Revoke placeholders and end their sessions") { id, all, target, before };
        command.Validators.Add(result =>
        {
            bool isNarrow = result.GetResult(target) is not null || result.GetResult(before) is not null;
            int ways = (result.GetValue(id) is null ? 0 : 1) + (result.GetValue(all) ? 1 : 0) + (isNarrow ? 1 : 0);
            if (ways != 1)
            {
                result.AddError("say which: an ID, or --all, or --target and/or --issued-before");
            }
        });
        admin.Complete(command, async (parsed, client, cancellationToken) =>
        {
            RevokeBody body = new()
            {
                Id = parsed.GetValue(id),
                All = parsed.GetValue(all),
                Target = parsed.GetValue(target),
                IssuedBefore = parsed.GetValue(before),
            };
            RevokedView revoked = await client.PostAsync(
                "v1/placeholders/revoke", body, AdminJson.Default.RevokeBody, AdminJson.Default.RevokedView, cancellationToken);
            admin.Print(parsed, revoked, AdminJson.Default.RevokedView, (output, _) =>
                output.WriteLine($"{revoked.Revoked.Count} revoked, {revoked.Sessions} sessions end"));
        });
        return command;
    }

    private static string? Uses(PlaceholderView p) => p.UsesLeft?.ToString(CultureInfo.InvariantCulture);
}

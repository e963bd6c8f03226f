using System.CommandLine;
using System.Globalization;
using System.Text;
using WireGate.Admin.Api;
using WireGate.Core.Approvals;

namespace WireGate.Commands;

/// <summary><c>wiregate approval request | list | show | approve | deny</c></summary>
internal static class ApprovalCommand
{
    private const int ShownDigest = 16;
    private const int ShownStatement = 60;

    private static readonly string[] States =
        ["pending", "approved", "claimed", "executed", "failed", "denied", "expired", "withdrawn", "revoked"];

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <param name="readConfig">Reads <c>admin.socket.path</c> of a config file.</param>
    public static Command Create(Func<string, string> readConfig) => new("approval", "Ask for, list, show, approve and deny what rules hold")
    {
        Request(new AdminOptions(readConfig)),
        List(new AdminOptions(readConfig)),
        Show(new AdminOptions(readConfig)),
        Approve(new AdminOptions(readConfig)),
        Deny(new AdminOptions(readConfig)),
    };

    private static Command Request(AdminOptions admin)
    {
        Option<string> target = new("--target") { Description = "The target", Required = true };
        Option<string?> sql = new("--sql") { Description = "The statement, the very text that will be run", HelpName = "TEXT" };
        Option<string?> file = new("--sql-file") { Description = "A file with one statement", HelpName = "FILE" };
        Option<string?> request = new("--http-request") { Description = "Instead of a statement, a file with one request of HTTP/1.1: its line, its fields, an empty line, its body", HelpName = "FILE" };
        Option<string> subject = new("--for") { Description = "The subject that will run it", HelpName = "SUBJECT", Required = true };
        Option<string?> database = new("--database") { Description = "The database [default: the only one that the target has]" };
        Option<string?> login = new("--login") { Description = "The login [default: the one that a grant gives]" };
        Option<string?> reason = new("--reason") { Description = "Why, for those who decide" };
        Command command = new(
            "request",
            "Ask beforehand for one statement, or one request. It runs once, within 10 minutes of the last yes, if the client sends this very text: "
            + "psql -c \"$(cat fix.sql)\", or psql -f with a file that holds one statement. White space at its ends does not count; "
            + "a semicolon does, and psql -f sends the one that is in the file. A session that has changed search_path or role is held all the same. "
            + "A request is made at once if it comes with the very same method, URL, fields and body; in the file, leave out the placeholder")
        {
            target, database, sql, file, request, subject, login, reason,
        };
        command.Validators.Add(result =>
        {
            if (new Option[] { sql, file, request }.Count(o => result.GetResult(o) is not null) != 1)
            {
                result.AddError("say what will be run: one of --sql, --sql-file and --http-request");
            }
        });
        admin.Complete(command, async (parsed, client, cancellationToken) =>
        {
            RequestApprovalBody body = new()
            {
                Target = parsed.GetRequiredValue(target),
                Database = parsed.GetValue(database),
                Login = parsed.GetValue(login),
                Sql = parsed.GetValue(sql) ?? (parsed.GetValue(file) is { } named ? ReadText(named) : null),
                HttpRequest = parsed.GetValue(request) is { } made ? ReadBytes(made) : null,
                For = parsed.GetRequiredValue(subject),
                Reason = parsed.GetValue(reason),
            };
            ApprovalView asked = await client.PostAsync(
                "v1/approvals", body, AdminJson.Default.RequestApprovalBody, AdminJson.Default.ApprovalView, cancellationToken);
            admin.Print(parsed, asked, AdminJson.Default.ApprovalView, (output, _) => output.WriteLine(
                Printable.Escape($"{asked.Id} waits for {Describe(asked.Approvers)} until {AdminOptions.Show(asked.PendingUntil)}, digest {asked.Digest[..ShownDigest]}")));
        });
        return command;
    }

    private static Command List(AdminOptions admin)
    {
        Option<string?> state = new("--state") { Description = $"Those in this state: {string.Join(", ", States)}" };
        state.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is not { } word || !States.Contains(word))
            {
                result.AddError($"--state: one of {string.Join(", ", States)}");
            }
        });
        Command command = new("list", "List the approvals, the newest first") { state };
        admin.Complete(command, async (parsed, client, cancellationToken) =>
        {
            string path = parsed.GetValue(state) is { } word ? $"v1/approvals?state={word}" : "v1/approvals";
            IReadOnlyList<ApprovalView> all = await client.GetAsync(path, AdminJson.Default.IReadOnlyListApprovalView, cancellationToken);
            admin.Print(parsed, all, AdminJson.Default.IReadOnlyListApprovalView, (output, isTerminal) => Table.Write(
                output, isTerminal,
                ["ID", "STATE", "REQUESTER", "TARGET", "LOGIN", "NEEDS", "YES", "UNTIL", "STATEMENT"],
                all.Select(a => (IReadOnlyList<string?>)
                [
                    a.Id, a.State, a.Requester, a.Target, a.Login, Describe(a.Approvers),
                    a.Votes.Count(v => v.Yes).ToString(CultureInfo.InvariantCulture), AdminOptions.Show(a.ValidUntil ?? a.PendingUntil), Beginning(a.Statement),
                ])));
        });
        return command;
    }

    private static Command Show(AdminOptions admin)
    {
        Argument<string> id = new("ID") { Description = "apr_ and sixteen characters" };
        Command command = new("show", "Show one approval with the whole statement") { id };
        admin.Complete(command, async (parsed, client, cancellationToken) =>
        {
            ApprovalView a = await client.GetAsync(PathOf(parsed.GetRequiredValue(id)), AdminJson.Default.ApprovalView, cancellationToken);
            admin.Print(parsed, a, AdminJson.Default.ApprovalView, (output, isTerminal) =>
            {
                Table.Write(output, isTerminal, ["APPROVAL", a.Id], Lines(a).Select(line => (IReadOnlyList<string?>)[line.Name, line.Value]));
                output.WriteLine();

                // Each line behind a bar: no statement looks like a line of ours.
                foreach (string line in a.Statement.Split('\n'))
                {
                    output.WriteLine($"  | {Printable.Escape(line.Replace("\t", "    ", StringComparison.Ordinal))}");
                }
            });
        });
        return command;
    }

    private static Command Approve(AdminOptions admin)
    {
        Argument<string> id = new("ID") { Description = "apr_ and sixteen characters" };
        Option<string?> digest = new("--digest") { Description = "The first digits, at least 8, of the digest of what was looked at", HelpName = "HEX" };
        digest.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is not { Length: >= 8 and <= 64 } hex || !hex.All(char.IsAsciiHexDigit))
            {
                result.AddError("--digest: 8 to 64 hex digits");
            }
        });
        Command command = new("approve", "Say yes") { id, digest };
        admin.Complete(command, async (parsed, client, cancellationToken) => Print(admin, parsed, await client.PostAsync(
            $"{PathOf(parsed.GetRequiredValue(id))}/approve", new ApproveBody { Digest = parsed.GetValue(digest) },
            AdminJson.Default.ApproveBody, AdminJson.Default.DecidedView, cancellationToken)));
        return command;
    }

    private static Command Deny(AdminOptions admin)
    {
        Argument<string> id = new("ID") { Description = "apr_ and sixteen characters" };
        Option<string> reason = new("--reason") { Description = "Why; the requester is told", Required = true };
        Command command = new("deny", "Say no; the first no decides") { id, reason };
        admin.Complete(command, async (parsed, client, cancellationToken) => Print(admin, parsed, await client.PostAsync(
            $"{PathOf(parsed.GetRequiredValue(id))}/deny", new DenyBody { Reason = parsed.GetRequiredValue(reason) },
            AdminJson.Default.DenyBody, AdminJson.Default.DecidedView, cancellationToken)));
        return command;
    }

    private static void Print(AdminOptions admin, ParseResult parsed, DecidedView decided) => admin.Print(
        parsed, decided, AdminJson.Default.DecidedView, (output, _) => output.WriteLine(Printable.Escape($"{decided.Approval.Id}: {decided.Message}")));

    private static IEnumerable<(string Name, string? Value)> Lines(ApprovalView a) =>
    [
        ("state", a.Detail is null ? a.State : $"{a.State}: {a.Detail}"),
        ("kind", a.Kind),
        ("runs it", a.Requester),
        ("asked by", a.AskedBy),
        ("reason", a.Reason),
        ("placeholder", a.Placeholder is null ? null : $"{a.Placeholder}, minted by {a.MintedBy ?? "nobody known"}"),
        ("session", a.Session),
        ("source", a.Source),
        ("target", $"{a.Target}, login {a.Login}{(a.Database is null ? "" : $", database {a.Database}")}"),
        .. (a.Context ?? new Dictionary<string, string>()).Select(c => (c.Key, (string?)c.Value)),
        ("held by", $"{HeldBy(a)}, config {a.Config}"),
        ("needs", Describe(a.Approvers)),
        .. a.Votes.Select(v => (v.Yes ? "yes" : "no", (string?)$"{v.By}, {AdminOptions.Show(v.At)}{(v.Reason is null ? "" : $": {v.Reason}")}")),
        ("asked", AdminOptions.Show(a.Created)),
        ("waits until", AdminOptions.Show(a.PendingUntil)),
        ("valid until", AdminOptions.Show(a.ValidUntil)),
        ("claimed by", a.ClaimedBy is null ? null : $"session {a.ClaimedBy}, {AdminOptions.Show(a.Claimed)}"),
        ("digest", a.Digest),
    ];

    // A session waits because of its grant, before any rule is asked.
    private static string HeldBy(ApprovalView a) => a switch
    {
        { Rule: { } rule } => $"rule {rule}",
        { Context: { } context } when context.TryGetValue(ApprovalRequest.GrantContext, out string? grant) => $"grant {grant}",
        _ => "the default",
    };

    private static string Describe(IReadOnlyList<ApproversView> approvers) => string.Join(" and ", approvers.Select(t => string.Create(
        CultureInfo.InvariantCulture,
        $"{t.Count} of {(t.Groups.Count == 0 ? "anybody" : string.Join('|', t.Groups))}{(t.Issuer is null ? "" : $" of {t.Issuer}")}")));

    private static string Beginning(string statement)
    {
        string line = statement.ReplaceLineEndings(" ").Replace('\t', ' ');
        return line.Length <= ShownStatement ? line : $"{line[..ShownStatement]}…";
    }

    private static string PathOf(string id) => $"v1/approvals/{Uri.EscapeDataString(id)}";

    /// <summary>The file's text, byte for byte but for a mark at its beginning that psql skips as well.</summary>
    private static byte[] ReadBytes(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"{path} cannot be read: {e.Message}", e);
        }
    }

    private static string ReadText(string path)
    {
        byte[] bytes = ReadBytes(path);
        try
        {
            return Strict.GetString(bytes).TrimStart('\ufeff');
        }
        catch (DecoderFallbackException e)
        {
            throw new CommandException($"{path} is not UTF-8: convert it, and run it as UTF-8", e);
        }
    }
}

using System.Runtime.Versioning;
using System.Text;
using System.Text.RegularExpressions;

namespace WireGate.Demo;

/// <summary>What <c>demo --once</c> does: the lines a user would type, with the real psql, and whether each came out as it should.</summary>
[SupportedOSPlatform("linux")]
internal sealed partial class DemoScript(DemoHouse house, TextWriter output)
{
    private const string Select = "SELECT name, email, card_number FROM customers ORDER BY id LIMIT 3";

    private readonly StringBuilder _seen = new();
    private bool _allWell = true;

    /// <returns>True: everything came out as it should.</returns>
    public async Task<bool> RunAsync(CancellationToken cancellation)
    {
        await PsqlAsync("The placeholder works as the password", house.Token, Select, works: true, cancellation);
        await PsqlAsync("Everything works that works without the gateway",
            house.Token, "BEGIN; CREATE TABLE notes AS SELECT item, sum(amount) FROM orders GROUP BY item; TABLE notes; ROLLBACK", works: true, cancellation);

        string wrong = house.Token[..^1] + (house.Token[^1] == 'x' ? 'y' : 'x');
        string refusal = await PsqlAsync("A wrong one is refused, with a reference", wrong, Select, works: false, cancellation);
        Match reference = Reference().Match(refusal);
        await CommandAsync("What lies behind the reference", ["why", reference.Groups[1].Value, "--config", house.ConfigPath], cancellation);

        await CommandAsync("The placeholder is taken back", ["placeholder", "revoke", house.PlaceholderId, "--config", house.ConfigPath], cancellation);
        await PsqlAsync("And opens nothing any more", house.Token, Select, works: false, cancellation);
        await CommandAsync("The audit log is whole", ["audit", "verify", "--dir", house.AuditDirectory], cancellation);

        byte[] password = await File.ReadAllBytesAsync(house.PasswordFile, cancellation);
        await JudgeAsync("The real password was in none of the answers", Encoding.UTF8.GetBytes(_seen.ToString()).AsSpan().IndexOf(password) < 0);
        return _allWell;
    }

    private async Task<string> PsqlAsync(string title, string password, string sql, bool works, CancellationToken cancellation)
    {
        string url = $"postgresql://alice@127.0.0.1:{house.Port}/{DemoCluster.Database}";
        await output.WriteLineAsync($"\n# {title}\n$ PGPASSWORD={password} psql '{url}' -c \"{sql}\"");
        var environment = new Dictionary<string, string> { ["PGPASSWORD"] = password, ["PGCONNECT_TIMEOUT"] = "30" };
        ChildResult result = await ChildProcess.RunAsync([house.Psql, "-X", "-P", "pager=off", url, "-c", sql], cancellation, environment);
        await ShowAsync(result);
        // psql exits with 2 when it could not connect.
        await JudgeAsync(title, works ? result.ExitCode == 0 && result.Output.Contains("rows)", StringComparison.Ordinal) : result.ExitCode == 2 && Reference().IsMatch(result.Output));
        return result.Output;
    }

    private async Task CommandAsync(string title, IReadOnlyList<string> arguments, CancellationToken cancellation)
    {
        await output.WriteLineAsync($"\n# {title}\n$ {DemoHouse.CommandName} {string.Join(' ', arguments)}");
        ChildResult result = await DemoHouse.CommandAsync(arguments, cancellation);
        await ShowAsync(result);
        await JudgeAsync(title, result.ExitCode == 0);
    }

    private async Task ShowAsync(ChildResult result)
    {
        _seen.Append(result.Output);
        await output.WriteLineAsync(result.Output.TrimEnd('\n'));
    }

    private async Task JudgeAsync(string title, bool well)
    {
        _allWell &= well;
        await output.WriteLineAsync(well ? $"ok: {title}" : $"NOT OK: {title}");
    }

    [GeneratedRegex(@"\bref ([0-9A-Z]{6})\b")]
    private static partial Regex Reference();
}

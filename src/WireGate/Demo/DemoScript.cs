using System.Runtime.Versioning;
using System.Text;
using System.Text.RegularExpressions;

namespace WireGate.Demo;

/// <summary>What <c>demo --once</c> does: the lines a user would type, with the real psql and ssh, and whether each came out as it should.</summary>
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
            house.Token, "BEGIN; DECLARE c CURSOR FOR SELECT item, sum(amount) FROM orders GROUP BY item; FETCH 2 FROM c; ROLLBACK", works: true, cancellation);

        await PsqlAsync("What is personal is masked, by whatever name it is asked for", house.Token,
            "SELECT name, ssn AS x, card_number FROM customers ORDER BY id LIMIT 2", works: true, cancellation, without: ["900-12-0001", "4111 1111"]);
        await RefusedAsync("A rule denies it, and the session lives on", "DROP TABLE customers", "denied by rule \"no-drop\"", cancellation);
        await HoldAsync(cancellation);
        await CurlAsync("The same placeholder is the token of an HTTP API, whose answers are masked", ["/crm/customers"],
            text => text.Contains("\"card\":\"****1111\"", StringComparison.Ordinal) && text.Contains("Ada", StringComparison.Ordinal) && !text.Contains("tok_", StringComparison.Ordinal),
            cancellation);
        await CurlAsync("A request that no rule allows is 403", ["-X", "DELETE", "/crm/customers/1"],
            text => text.Contains("\"status\":403", StringComparison.Ordinal) && text.Contains("\"ref\":\"", StringComparison.Ordinal), cancellation);
        await CurlAsync("An API that says the real token back tells nobody", ["/crm/echo"], text => text.Contains("Bearer *****", StringComparison.Ordinal), cancellation);
        await SshAsync("The same placeholder opens SSH", "uname -a", result => result.ExitCode == 0 && result.Output.Contains("Linux", StringComparison.Ordinal), cancellation);
        await SshAsync("A command that no rule allows ends with 126", "cat /etc/passwd",
            result => result.ExitCode == 126 && result.Output.StartsWith("wiregate: denied", StringComparison.Ordinal), cancellation);

        string wrong = house.Token[..^1] + (house.Token[^1] == 'x' ? 'y' : 'x');
        string refusal = await PsqlAsync("A wrong one is refused, with a reference", wrong, Select, works: false, cancellation);
        Match reference = Reference().Match(refusal);
        await CommandAsync("What lies behind the reference", ["why", reference.Groups[1].Value, "--config", house.ConfigPath], cancellation);

        await CommandAsync("The placeholder is taken back", ["placeholder", "revoke", house.PlaceholderId, "--config", house.ConfigPath], cancellation);
        await PsqlAsync("And opens nothing any more", house.Token, Select, works: false, cancellation);
        await CommandAsync("The audit log is whole", ["audit", "verify", "--dir", house.AuditDirectory], cancellation);

        byte[] seen = Encoding.UTF8.GetBytes(_seen.ToString());
        byte[] password = await File.ReadAllBytesAsync(house.PasswordFile, cancellation), token = await File.ReadAllBytesAsync(house.Api.TokenFile, cancellation);
        await JudgeAsync("The real password and the real token were in none of the answers", seen.AsSpan().IndexOf(password) < 0 && seen.AsSpan().IndexOf(token) < 0);
        return _allWell;
    }

    private async Task<string> PsqlAsync(
        string title, string password, string sql, bool works, CancellationToken cancellation, params string[] without)
    {
        ChildResult result = await RunPsqlAsync(title, password, sql, cancellation);
        await ShowAsync(result);
        // psql exits with 2 when it could not connect.
        await JudgeAsync(title, works
            ? result.ExitCode == 0 && result.Output.Contains("rows)", StringComparison.Ordinal) && !without.Any(w => result.Output.Contains(w, StringComparison.Ordinal))
            : result.ExitCode == 2 && Reference().IsMatch(result.Output));
        return result.Output;
    }

    private async Task RefusedAsync(string title, string sql, string by, CancellationToken cancellation)
    {
        ChildResult result = await RunPsqlAsync(title, house.Token, sql, cancellation);
        await ShowAsync(result);
        await JudgeAsync(title, result.ExitCode == 1 && result.Output.Contains(by, StringComparison.Ordinal));
    }

    /// <summary>A statement that waits until somebody else has approved it.</summary>
    private async Task HoldAsync(CancellationToken cancellation)
    {
        const string Title = "A rule holds it until somebody else says yes";
        if (!Environment.IsPrivilegedProcess)
        {
            await output.WriteLineAsync($"\n# {Title}\nleft out: it takes a second account, and only root can become {DemoHouse.Approver}");
            return;
        }

        Task<ChildResult> held = RunPsqlAsync(Title, house.Token, "UPDATE orders SET amount = 0 WHERE id = 1 RETURNING id, amount", cancellation);
        string[] list = ["approval", "list", "--state", "pending", "--json", "--config", house.ConfigPath];
        Match id;
        do
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), cancellation);
            id = Approval().Match((await DemoHouse.CommandAsync(list, cancellation)).Output);
        }
        while (!id.Success && !held.IsCompleted);

        string[] approve = ["approval", "approve", id.Value, "--config", house.ConfigPath];
        await output.WriteLineAsync($"$ sudo -u {DemoHouse.Approver} {DemoHouse.CommandName} {string.Join(' ', approve)}");
        ChildResult approved = await ChildProcess.RunAsync(
            ["setpriv", $"--reuid={DemoHouse.Approver}", "--regid=nogroup", "--clear-groups", "--", .. DemoHouse.CommandName.Split(' '), .. approve], cancellation);
        await ShowAsync(approved);
        ChildResult result = await held;
        await ShowAsync(result);
        await JudgeAsync(Title, approved.ExitCode == 0 && result.ExitCode == 0 && result.Output.Contains("waiting for approval", StringComparison.Ordinal)
            && result.Output.Contains("UPDATE 1", StringComparison.Ordinal));
    }

    private async Task<ChildResult> RunPsqlAsync(string title, string password, string sql, CancellationToken cancellation)
    {
        string url = $"postgresql://alice@127.0.0.1:{house.Port}/{DemoCluster.Database}";
        await output.WriteLineAsync($"\n# {title}\n$ PGPASSWORD={password} psql '{url}' -c \"{sql}\"");
        var environment = new Dictionary<string, string> { ["PGPASSWORD"] = password, ["PGCONNECT_TIMEOUT"] = "30" };
        return await ChildProcess.RunAsync([house.Psql, "-X", "-P", "pager=off", url, "-c", sql], cancellation, environment);
    }

    private async Task CurlAsync(string title, string[] arguments, Func<string, bool> isWell, CancellationToken cancellation)
    {
        const string Curl = "/usr/bin/curl";
        string[] line = ["-sS", .. arguments[..^1], $"http://127.0.0.1:{house.Api.GatewayPort}{arguments[^1]}"];
        await output.WriteLineAsync($"\n# {title}\n$ curl -H 'Authorization: Bearer {house.Token}' {string.Join(' ', line)}");
        if (!File.Exists(Curl))
        {
            await output.WriteLineAsync("left out: this machine has no curl");
            return;
        }

        // On standard input, because a command line is for everybody to read.
        byte[] header = Encoding.ASCII.GetBytes($"header = \"Authorization: Bearer {house.Token}\"\n");
        ChildResult result = await ChildProcess.RunAsync([Curl, "--noproxy", "*", "-K", "-", .. line], cancellation, input: header);
        await ShowAsync(result);
        await JudgeAsync(title, result.ExitCode == 0 && isWell(result.Output));
    }

    private async Task SshAsync(string title, string command, Func<ChildResult, bool> isWell, CancellationToken cancellation)
    {
        if (house.Host is not { } host)
        {
            await output.WriteLineAsync($"\n# {title}\nleft out: this machine has no sshd");
            return;
        }

        string[] line = ["ssh", "-p", $"{host.GatewayPort}", "-o", $"UserKnownHostsFile={host.KnownHosts}", "alice+web-1@127.0.0.1"];
        await output.WriteLineAsync($"\n# {title}\n$ {string.Join(' ', line)} {command}");
        var environment = new Dictionary<string, string> { ["SSH_ASKPASS"] = host.AskPass, ["SSH_ASKPASS_REQUIRE"] = "force", ["WIREGATE_PLACEHOLDER"] = house.Token };
        string[] alone = ["-F", "/dev/null", "-o", "PubkeyAuthentication=no", "-o", "StrictHostKeyChecking=yes", "-o", "ConnectTimeout=30"];
        ChildResult result = await ChildProcess.RunAsync([line[0], .. alone, .. line[1..], command], cancellation, environment);
        await ShowAsync(result);
        await JudgeAsync(title, isWell(result));
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

    [GeneratedRegex("apr_[a-z2-7]{16}")]
    private static partial Regex Approval();
}

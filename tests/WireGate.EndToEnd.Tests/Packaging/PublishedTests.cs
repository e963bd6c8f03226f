using System.Net;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests.Packaging;

/// <summary>What is shipped: the published program as the containers run it, and the files around it.</summary>
internal sealed class PublishedTests
{
    private string _root = null!;

    [SetUp]
    public void CreateDirectory() => _root = Places.Temporary("published");

    [TearDown]
    public void DeleteDirectory() => Directory.Delete(_root, recursive: true);

    [Test]
    public async Task Serves_as_another_uid_on_a_read_only_root()
    {
        string program = Path.Combine(_root, "out", "wiregate");
        (await Tools.RunAsync(
            "/usr/bin/env",
            ["dotnet", "publish", Path.Combine(Places.Repository, "src", "WireGate"), "-c", "Release", "-o", Path.Combine(_root, "out"), "--nologo"],
            limit: TimeSpan.FromMinutes(5))).Succeeded();
        string state = Directory.CreateDirectory(Path.Combine(_root, "state")).FullName;
        string config = Path.Combine(_root, "wiregate.yaml");
        int port = Ports.Free();
        PrivateFile.Write(Path.Combine(state, "password"), "unused");
        await File.WriteAllTextAsync(config, $$"""
            store: sqlite:{{state}}/wiregate.db
            audit: { to: {{state}}/audit }
            admin:
              socket: { path: {{state}}/admin.sock, mode: "0600" }
            listeners: [{ name: pg, protocol: postgres, address: "127.0.0.1:{{port}}" }]
            secrets: { app: { file: {{state}}/password } }
            targets:
              orders: { protocol: postgres, address: "127.0.0.1:{{Ports.Free()}}", tls: { mode: disable }, logins: { app: { user: app, password: app } } }
            grants: [{ name: agents, to: { issuer: local, groups: [agents] }, targets: [orders] }]
            rules: { list: [{ name: everything, match: { operations: all }, do: allow }] }

            """);
        // A bind mount of its own keeps the state writable when the root no longer is.
        string script = $"mount --bind '{state}' '{state}' && mount -o remount,bind,ro / && ! touch '{_root}/x' 2>/dev/null && exec ";
        IReadOnlyList<string> arguments;
        if (Unix.IsRoot)
        {
            (await Tools.RunAsync("/bin/chown", ["-R", "1654:1654", state])).Succeeded();
            arguments =
            [
                "--mount", "/bin/sh", "-c",
                $"{script} setpriv --reuid=1654 --regid=1654 --clear-groups --no-new-privs --bounding-set=-all '{program}' run --config '{config}'",
            ];
        }
        else
        {
            // Nobody but root can become somebody else; the read-only root remains.
            arguments = ["--user", "--map-current-user", "--keep-caps", "--mount", "/bin/sh", "-c", $"{script} '{program}' run --config '{config}'"];
        }

        await using RunningProcess gateway = RunningProcess.Start(
            "/usr/bin/unshare", arguments, new Dictionary<string, string> { ["DOTNET_EnableDiagnostics"] = "0", ["HOME"] = "/" });
        await Wait.UntilAsync(
            async () => gateway.HasExited || await Ports.AcceptsAsync(IPAddress.Loopback, port), "the published gateway to listen");
        Assert.That(gateway.HasExited, Is.False, gateway.Error);
        ToolResult minted = await Tools.RunAsync(
            program, ["placeholder", "mint", "--subject", "alice", "--group", "agents", "--target", "orders", "--config", config]);
        gateway.Signal(Unix.SigTerm);

        Assert.That(minted.Output, Does.StartWith("wgp_"), minted.ToString());
        Assert.That(await gateway.WaitForExitAsync(), Is.Zero, gateway.Error);
    }

    [TestCase("compose.yaml")]
    [TestCase("kubernetes.yaml")]
    [TestCase("systemd/wiregate.yaml")]
    public async Task Yaml_parses(string file)
    {
        ToolResult result = await Tools.RunAsync(
            "/usr/bin/python3",
            ["-c", "import sys, yaml; assert all(isinstance(d, dict) for d in yaml.safe_load_all(open(sys.argv[1])))", Path.Combine(Places.Repository, file)]);

        Assert.That(result.ExitCode, Is.Zero, result.ToString());
    }

    [TestCase("compose.yaml", "d['configs']['wiregate']['content']")]
    [TestCase("kubernetes.yaml", "d['data']['wiregate.yaml']")]
    public async Task Its_config_needs_nothing_but_its_files(string file, string where) =>
        await AssertCheckedAsync((await Tools.RunAsync(
            "/usr/bin/python3",
            ["-c", $"import sys, yaml; d = next(yaml.safe_load_all(open(sys.argv[1]))); print({where})", Path.Combine(Places.Repository, file)]))
            .Succeeded().Output);

    [Test]
    public async Task The_first_config_of_the_unit_needs_nothing_but_its_files() =>
        await AssertCheckedAsync(await File.ReadAllTextAsync(Path.Combine(Places.Repository, "systemd", "wiregate.yaml")));

    /// <summary>Puts the files that a config names below a directory of this test, and asks <c>check</c>.</summary>
    private async Task AssertCheckedAsync(string text)
    {
        using var certificates = new Certificates(_root);
        (string certificate, string key) = certificates.Issue("shipped");
        string secret = Path.Combine(_root, "secret");
        PrivateFile.Write(secret, "unused");
        foreach ((string shipped, string here) in new (string, string)[]
        {
            ("/etc/wiregate/own/tls.crt", certificate), ("/etc/wiregate/own/tls.key", key), ("/etc/wiregate/own/password", secret),
            ("/run/secrets/wiregate/orders", secret), ("/etc/wiregate/orders-ro", secret), ("/etc/wiregate/db-ca.pem", certificates.CaPath),
            ("/var/lib/wiregate", _root), ("/run/wiregate", _root), (", group: wiregate", ""),
        })
        {
            text = text.Replace(shipped, here, StringComparison.Ordinal);
        }

        string config = Path.Combine(_root, "wiregate.yaml");
        PrivateFile.Write(config, text);

        ToolResult result = await Tools.RunAsync(Places.Gateway, ["check", "--config", config]);

        Assert.That(result.ExitCode, Is.Zero, result.ToString());
    }
}

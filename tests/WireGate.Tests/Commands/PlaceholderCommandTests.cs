using System.Collections.Frozen;
using System.Text.Json;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Testing.Admin;

namespace WireGate.Tests.Commands;

public sealed class PlaceholderCommandTests
{
    private static readonly string[] Mint = ["placeholder", "mint", "--subject", "alice", "--group", "dba", "--target", "orders"];
    private static readonly string Token = MemoryPlaceholders.TokenOf("0000000001");

    [Test]
    public async Task Mint_prints_the_token_alone()
    {
        await using CliHarness daemon = await new CliHarness().StartAsync();
        Assert.That(await daemon.RunAsync(Mint), Is.EqualTo((0, Token + "\n", "")));
    }

    [Test]
    public async Task Mint_prints_json_of_three_members()
    {
        await using CliHarness daemon = await new CliHarness().StartAsync();
        (int code, string output, _) = await daemon.RunAsync([.. Mint, "--json"]);
        JsonElement json = JsonDocument.Parse(output).RootElement;
        Assert.That(code, Is.Zero);
        Assert.That(json.EnumerateObject().Select(m => m.Name), Is.EqualTo(new[] { "id", "token", "expires" }));
        Assert.That(json.GetProperty("token").GetString(), Is.EqualTo(Token));
        Assert.That(json.GetProperty("expires").GetDateTimeOffset(), Is.EqualTo(daemon.Placeholders.List()[0].Expires));
    }

    [Test]
    public async Task Mint_sends_every_binding()
    {
        await using CliHarness daemon = await new CliHarness().StartAsync();
        (int code, _, string error) = await daemon.RunAsync(
            [.. Mint, "--login", "rw", "--ttl", "20m", "--session", "1h", "--uses", "3", "--source", "10.0.0.0/8", "--source", "::1", "--parent", "abc",
            "--claim", "team=payments", "--claim", "tier=a=b"]);
        Assert.That((code, error), Is.EqualTo((0, "")));
        var minted = daemon.Placeholders.List().Single();
        Assert.That((minted.Login, minted.Expires - minted.NotBefore, minted.SessionLifetime, minted.UsesLeft, minted.Parent),
            Is.EqualTo(("rw", TimeSpan.FromMinutes(20), TimeSpan.FromHours(1), 3, "abc")));
        Assert.That(minted.Sources.Select(s => s.ToString()), Is.EqualTo(new[] { "10.0.0.0/8", "::1/128" }));
        Assert.That(minted.Identity.Claims, Is.EquivalentTo(new Dictionary<string, string> { ["team"] = "payments", ["tier"] = "a=b" }));
        Assert.That((await daemon.RunAsync("placeholder", "show", minted.Id)).Output, Does.Contain("team=payments, tier=a=b"));
    }

    [TestCase("team", "a name and a value")]
    [TestCase("=payments", "a name and a value")]
    [TestCase("te am=payments", "claim \"te am\"")]
    [TestCase("team=", "claim \"team\"")]
    public async Task Mint_refuses_what_is_no_claim(string claim, string because)
    {
        await using CliHarness daemon = await new CliHarness().StartAsync();
        (int code, _, string error) = await daemon.RunAsync([.. Mint, "--claim", claim]);
        Assert.That((code, error), Is.Not.EqualTo((0, "")));
        Assert.That(error, Does.Contain(because));
        Assert.That(daemon.Placeholders.List(), Is.Empty);
    }

    [Test]
    public async Task Mint_refuses_a_claim_that_is_given_twice()
    {
        await using CliHarness daemon = await new CliHarness().StartAsync();
        Assert.That((await daemon.RunAsync([.. Mint, "--claim", "team=a", "--claim", "team=b"])).Error, Does.Contain("each name once"));
    }

    [TestCase("[::]:6432", "postgresql://alice%2B0000000001:TOKEN@localhost:6432/orders_db?sslmode=disable")]
    [TestCase("[::1]:6432", "postgresql://alice%2B0000000001:TOKEN@[::1]:6432/orders_db?sslmode=disable")]
    [TestCase("unix:/run/orders/.s.PGSQL.5433", "postgresql://alice%2B0000000001:TOKEN@/orders_db?host=%2Frun%2Forders&port=5433")]
    public async Task Mint_prints_a_dsn(string listener, string dsn)
    {
        CliHarness harness = new();
        harness.Config = harness.Config with { Listeners = [SampleConfig.Listener(listener)] };
        await using CliHarness daemon = await harness.StartAsync();
        Assert.That(await daemon.RunAsync([.. Mint, "--as", "dsn"]), Is.EqualTo((0, dsn.Replace("TOKEN", Token, StringComparison.Ordinal) + "\n", "")));
    }

    [TestCase("[::]:8080", false, "/stripe", "", "curl -H 'Authorization: Bearer TOKEN' http://localhost:8080/stripe/")]
    [TestCase("127.0.0.1:8080", false, null, "api.internal", "curl -H 'Authorization: Bearer TOKEN' http://api.internal:8080/")]
    [TestCase("[::1]:8443", true, "/stripe", "", "curl -H 'Authorization: Bearer TOKEN' 'https://[::1]:8443/stripe/'")]
    [TestCase("unix:/run/a b.sock", false, "/stripe", "", "curl --unix-socket '/run/a b.sock' -H 'Authorization: Bearer TOKEN' http://localhost/stripe/")]
    public async Task Mint_prints_a_line_for_curl(string listener, bool hasTls, string? path, string host, string line)
    {
        CliHarness harness = OfHttp(path, host);
        harness.Config = harness.Config with
        {
            Listeners = [SampleConfig.Listener(listener) with { Protocol = ProtocolNames.Http, Target = null, Tls = hasTls ? new ServerTlsConfig("/c", "/k") : null }],
        };
        await using CliHarness daemon = await harness.StartAsync();
        Assert.That(await daemon.RunAsync([.. Mint, "--as", "curl"]), Is.EqualTo((0, line.Replace("TOKEN", Token, StringComparison.Ordinal) + "\n", "")));
    }

    [Test]
    public async Task A_line_for_curl_goes_through_the_proxy_where_nothing_else_leads_there()
    {
        CliHarness harness = OfHttp("/stripe", "api.internal");
        ListenerConfig proxy = SampleConfig.Listener("127.0.0.1:3128") with { Protocol = ProtocolNames.Forward, Target = null, Authority = new ForwardAuthorityConfig("/c", "/k") };
        harness.Config = harness.Config with { Listeners = [proxy] };
        await using (CliHarness daemon = await harness.StartAsync())
        {
            Assert.That((await daemon.RunAsync([.. Mint, "--as", "curl"])).Output, Does.StartWith("curl -x http://127.0.0.1:3128 -H ").And.Match("' https?://api\\.internal(:[0-9]+)?/\n$"));
        }

        CliHarness both = OfHttp("/stripe", "api.internal");
        both.Config = both.Config with { Listeners = [proxy, SampleConfig.Listener("127.0.0.1:8080") with { Name = "web", Protocol = ProtocolNames.Http, Target = null }] };
        await using CliHarness other = await both.StartAsync();
        Assert.That((await other.RunAsync([.. Mint, "--as", "curl"])).Output, Does.EndWith("' http://api.internal:8080/\n"));
    }

    [Test]
    public async Task A_line_for_curl_has_no_path_where_the_listener_leads_there_alone()
    {
        CliHarness harness = OfHttp("/stripe", "api.internal");
        harness.Config = harness.Config with { Listeners = [SampleConfig.Listener("127.0.0.1:8080") with { Protocol = ProtocolNames.Http, Target = "orders" }] };
        await using CliHarness daemon = await harness.StartAsync();
        Assert.That((await daemon.RunAsync([.. Mint, "--as", "curl"])).Output, Does.EndWith("' http://127.0.0.1:8080/\n"));
    }

    [TestCase("dsn", true, "reached by HTTP, write --as curl")]
    [TestCase("ssh-config", true, "reached by HTTP, write --as curl")]
    [TestCase("curl", false, "reached by PostgreSQL, write --as dsn or --as env")]
    public async Task A_form_of_another_protocol_is_refused(string form, bool isHttp, string because)
    {
        CliHarness harness = isHttp ? OfHttp("/stripe", "") : new CliHarness();
        if (isHttp)
        {
            harness.Config = harness.Config with { Listeners = [SampleConfig.Listener("127.0.0.1:8080") with { Protocol = ProtocolNames.Http, Target = null }] };
        }

        await using CliHarness daemon = await harness.StartAsync();
        (int code, string output, string error) = await daemon.RunAsync([.. Mint, "--as", form]);
        Assert.That((code, output), Is.Not.EqualTo((0, "")));
        Assert.That(error, Does.Contain(because));
    }

    [Test]
    public async Task A_target_of_HTTP_that_nothing_leads_to_is_told()
    {
        CliHarness harness = OfHttp(null, "");
        harness.Config = harness.Config with { Listeners = [SampleConfig.Listener("127.0.0.1:8080") with { Protocol = ProtocolNames.Http, Target = null }] };
        await using CliHarness daemon = await harness.StartAsync();
        Assert.That((await daemon.RunAsync(Mint)).Error, Does.Contain("no listener reaches orders"));
    }

    [Test]
    public async Task A_dsn_asks_for_full_verification_where_the_listener_has_tls()
    {
        CliHarness harness = new();
        ListenerConfig listener = SampleConfig.Listener("gate.example.com:5432") with { Tls = new ServerTlsConfig("/c", "/k") };
        harness.Config = harness.Config with { Listeners = [listener] };
        await using CliHarness daemon = await harness.StartAsync();
        Assert.That((await daemon.RunAsync([.. Mint, "--as", "dsn"])).Output, Does.EndWith("@gate.example.com:5432/orders_db?sslmode=verify-full\n"));
    }

    [Test]
    public async Task Env_lines_are_harmless_to_a_shell_whatever_the_subject()
    {
        await using CliHarness daemon = await new CliHarness().StartAsync();
        (int code, string output, _) =
            await daemon.RunAsync("placeholder", "mint", "--subject", "a'$(id)", "--group", "dba", "--target", "orders", "--as", "env");
        Assert.That(code, Is.Zero);
        Assert.That(output, Is.EqualTo(
            $"PGHOST=localhost\nPGPORT=6432\nPGDATABASE=orders_db\nPGUSER='a'\\''$(id)+0000000001'\nPGPASSWORD={Token}\nPGSSLMODE=disable\n"));
    }

    [Test]
    public async Task A_warning_goes_to_standard_error_only()
    {
        await using CliHarness daemon = await new CliHarness().StartAsync();
        (int code, string output, string error) = await daemon.RunAsync("placeholder", "mint", "--subject", "bob", "--target", "billing");
        Assert.That((code, output), Is.EqualTo((0, Token + "\n")));
        Assert.That(error, Does.StartWith("wiregate: warning: no grant lets local:bob use billing"));
    }

    [TestCase("--operations", "read")]
    [TestCase("--shape", "github")]
    [TestCase("--canary", null)]
    [TestCase("--as", "csv")]
    [TestCase("--ttl", "soon")]
    [TestCase("--ttl", "0s")]
    [TestCase("--uses", "many")]
    [TestCase("--not-before", "tomorrow")]
    public async Task Refuses_a_wrong_flag_by_name_and_mints_nothing(string flag, string? value)
    {
        await using CliHarness daemon = await new CliHarness().StartAsync();
        string[] extra = value is null ? [flag] : [flag, value];
        (int code, string output, string error) = await daemon.RunAsync([.. Mint, .. extra]);
        Assert.That((code, output), Is.EqualTo((2, "")));
        Assert.That(error, Does.StartWith("wiregate: ").And.Contain(flag));
        Assert.That(daemon.Placeholders.List(), Is.Empty);
    }

    [Test]
    public async Task Refuses_a_dsn_of_two_targets()
    {
        await using CliHarness daemon = await new CliHarness().StartAsync();
        Assert.That((await daemon.RunAsync([.. Mint, "--target", "billing", "--as", "dsn"])).Code, Is.EqualTo(2));
        Assert.That(daemon.Placeholders.List(), Is.Empty);
    }

    [Test]
    public async Task A_no_of_the_daemon_is_one_line_and_exit_1()
    {
        await using CliHarness daemon = await new CliHarness().StartAsync();
        (int code, string output, string error) = await daemon.RunAsync("placeholder", "mint", "--subject", "alice", "--target", "nope");
        Assert.That((code, output, error), Is.EqualTo((1, "", "wiregate: target \"nope\": the config has none of this name\n")));
    }

    [Test]
    public async Task List_and_show_never_print_a_token()
    {
        await using CliHarness daemon = await new CliHarness().StartAsync();
        await daemon.RunAsync(Mint);
        foreach (string[] verb in new string[][] { ["list"], ["list", "--json"], ["show", "0000000001"], ["show", "0000000001", "--json"] })
        {
            (int code, string output, _) = await daemon.RunAsync(["placeholder", .. verb]);
            Assert.That(code, Is.Zero);
            Assert.That(output, Does.Contain("0000000001").And.Contain("local:alice").And.Not.Contain("wgp_"));
        }

        Assert.That((await daemon.RunAsync("placeholder", "show", "nope")).Code, Is.EqualTo(1));
    }

    [Test]
    public async Task Revoke_takes_one_way_of_saying_which()
    {
        await using CliHarness daemon = await new CliHarness().StartAsync();
        await daemon.RunAsync(Mint);
        Assert.That((await daemon.RunAsync("placeholder", "revoke")).Code, Is.EqualTo(2));
        Assert.That((await daemon.RunAsync("placeholder", "revoke", "--all", "0000000001")).Code, Is.EqualTo(2));
        Assert.That((await daemon.RunAsync("placeholder", "revoke", "--all", "--target", "orders")).Code, Is.EqualTo(2));
        Assert.That(daemon.Placeholders.List()[0].Revoked, Is.Null);
        Assert.That(await daemon.RunAsync("placeholder", "revoke", "0000000001"), Is.EqualTo((0, "1 revoked, 0 sessions end\n", "")));
        Assert.That((await daemon.RunAsync("placeholder", "revoke", "0000000001")).Code, Is.EqualTo(1));
        Assert.That((await daemon.RunAsync("placeholder", "revoke", "--issued-before", "2999-01-01T00:00Z")).Code, Is.Zero);
    }

    private static CliHarness OfHttp(string? path, string host)
    {
        CliHarness harness = new();
        harness.Config = harness.Config with
        {
            Targets = harness.Config.Targets.ToFrozenDictionary(
                t => t.Key, t => t.Value with { Protocol = ProtocolNames.Http, Path = path, Hosts = host.Length > 0 ? [host] : [] }),
        };
        return harness;
    }
}

using System.Text.RegularExpressions;
using Npgsql;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests;

/// <summary>Where a placeholder can be presented, and how one is refused.</summary>
[TestFixture(15)]
[TestFixture(18)]
internal sealed partial class PlaceholderTests(int version)
{
    private PostgresCluster _cluster = null!;
    private GatewayProcess _gateway = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _cluster = await Machine.ClusterAsync(version);
        _gateway = await Machine.GatewayAsync(version);
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task As_cleartext_password_on_a_protected_channel(bool tls) =>
        await AssertWorksAsync(_gateway.Through(await _gateway.MintAsync(), tls));

    [TestCase(false)]
    [TestCase(true)]
    public async Task By_SCRAM_with_its_id_in_the_user_name(bool tls)
    {
        Minted placeholder = await _gateway.MintAsync();

        await AssertWorksAsync(_gateway.Through(placeholder, tls) with { User = $"alice+{placeholder.Id}" });
    }

    [Test]
    public async Task By_SCRAM_where_the_listener_takes_nothing_else()
    {
        Minted placeholder = await _gateway.MintAsync();
        Endpoint endpoint = _gateway.Through(placeholder) with { Port = _gateway.ScramPort };

        await AssertWorksAsync(endpoint with { User = $"alice+{placeholder.Id}" });
        await AssertRefusedAsync(endpoint with { User = placeholder.Token, Password = "x" }, "28P01");
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task As_user_name_on_a_protected_channel(bool tls) =>
        await AssertWorksAsync(_gateway.Through(await _gateway.MintAsync(), tls) with { User = (await _gateway.MintAsync()).Token, Password = "" });

    [Test]
    public async Task Over_the_Unix_socket() =>
        await AssertWorksAsync(_gateway.Through(await _gateway.MintAsync()) with { Host = _gateway.SocketDirectory, Port = 5432 });

    [Test]
    public async Task Over_IPv6() =>
        await AssertWorksAsync(_gateway.Through(await _gateway.MintAsync(), tls: true) with { Host = "::1" });

    [TestCase("in-clear")]
    [TestCase("by-socket")]
    [TestCase("by-md5")]
    [TestCase("by-cleartext")]
    [TestCase("by-certificate")]
    [TestCase("failing-over")]
    public async Task To_an_upstream_that_is_reached(string target) =>
        await AssertWorksAsync(_gateway.Through(await _gateway.MintAsync(target: target)) with { User = $"alice@{target}" });

    [TestCase("downgraded", "08006")]
    [TestCase("mistrusted", "08006")]
    [TestCase("down", "57P03")]
    public async Task Not_to_an_upstream_that_cannot_be_trusted_or_reached(string target, string code)
    {
        ToolResult result = await AssertRefusedAsync(_gateway.Through(await _gateway.MintAsync(target: target)) with { User = $"alice@{target}" }, code);

        Assert.That(result.Error, Does.Not.Contain(_cluster.Password));
    }

    [Test]
    public async Task A_wrong_one_is_refused_with_a_reference_that_why_explains()
    {
        Minted placeholder = await _gateway.MintAsync();
        string wrong = placeholder.Token[..^8] + (placeholder.Token[^8] == 'A' ? 'B' : 'A') + placeholder.Token[^7..];

        ToolResult refused = await AssertRefusedAsync(_gateway.Through(placeholder) with { Password = wrong }, "28P01");
        ToolResult byScram = await AssertRefusedAsync(_gateway.Through(placeholder) with { User = $"alice+{placeholder.Id}", Password = wrong }, "28P01");
        ToolResult unknown = await AssertRefusedAsync(_gateway.Through(placeholder) with { User = "alice+0123456789", Password = wrong }, "28P01");
        ToolResult why = await _gateway.CommandAsync("why", Reference().Match(refused.Error).Groups[1].Value);

        Assert.That(WithoutReference(unknown.Error), Is.EqualTo(WithoutReference(byScram.Error)), "an unknown id must look like a wrong secret");
        Assert.That(why.ExitCode, Is.Zero, why.ToString());
    }

    [Test]
    public async Task One_that_no_grant_serves_is_refused() =>
        await AssertRefusedAsync(_gateway.Through(await _gateway.MintAsync(group: "strangers")), "28000");

    [Test]
    public async Task An_unknown_database_is_refused() =>
        await AssertRefusedAsync(_gateway.Through(await _gateway.MintAsync(), database: "nowhere"), "3D000");

    [Test]
    public async Task Replication_without_a_grant_for_it_is_refused()
    {
        Dictionary<string, string> environment = (_gateway.Through(await _gateway.MintAsync()) with { User = "alice@orders" }).ToEnvironment();

        ToolResult result = await Tools.RunAsync("psql", ["replication=true", .. Tools.PsqlArguments, "-c", "IDENTIFY_SYSTEM"], environment);

        Assert.That(result.Error, Does.Match("FATAL: .*ref [0-9A-Z]{6}"), result.ToString());
    }

    [Test]
    public async Task One_use_opens_one_session()
    {
        Endpoint endpoint = _gateway.Through(await _gateway.MintAsync(more: ["--uses", "1"]));

        await AssertWorksAsync(endpoint);
        await AssertRefusedAsync(endpoint, "28P01");
    }

    [Test]
    public async Task One_bound_to_another_network_is_refused() =>
        await AssertRefusedAsync(_gateway.Through(await _gateway.MintAsync(more: ["--source", "192.0.2.0/24"])), "28P01");

    [TestCase("orders", false)]
    [TestCase("orders", true)]
    [TestCase("in-clear", false)]
    [TestCase("in-clear", true)]
    public async Task Revoking_one_ends_its_session(string target, bool tls)
    {
        Minted placeholder = await _gateway.MintAsync(target: target);
        Endpoint endpoint = _gateway.Through(placeholder, tls) with { User = $"alice@{target}" };
        await using NpgsqlConnection connection = await endpoint.OpenAsync();
        await using var command = new NpgsqlCommand("SELECT pg_sleep(600)", connection);
        Task running = command.ExecuteNonQueryAsync();

        (await _gateway.CommandAsync("placeholder", "revoke", placeholder.Id)).Succeeded();
        Task first = await Task.WhenAny(running, Task.Delay(TimeSpan.FromSeconds(2)));

        Assert.That(first, Is.SameAs(running), "it promises two seconds");
        PostgresException? error = Assert.ThrowsAsync<PostgresException>(() => running);
        Assert.That(error!.SqlState, Is.EqualTo("57P01"));
        await AssertRefusedAsync(endpoint, "28P01");
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task The_real_user_is_not_in_the_greeting(bool tls)
    {
        await using NpgsqlConnection connection = await _gateway.Through(await _gateway.MintAsync(), tls).OpenAsync();

        Assert.That(connection.PostgresParameters.Values, Has.None.EqualTo(PostgresCluster.AppUser));
        Assert.That(connection.PostgresParameters["server_version"], Does.StartWith($"{version}."));
    }

    [Test]
    public async Task Neither_password_nor_token_reaches_log_or_audit()
    {
        Minted placeholder = await _gateway.MintAsync();
        await AssertWorksAsync(_gateway.Through(placeholder));
        await AssertWorksAsync(_gateway.Through(placeholder, tls: true) with { User = $"alice+{placeholder.Id}" });
        string audit = await _gateway.AuditAsync();

        Assert.That(audit, Does.Contain(placeholder.Id));
        Assert.That(audit + _gateway.Log, Does.Not.Contain(placeholder.Token).And.Not.Contain(_cluster.Password));
    }

    private static async Task AssertWorksAsync(Endpoint endpoint)
    {
        ToolResult result = await Tools.PsqlAsync(endpoint, "SELECT count(*) FROM customers;");
        Assert.That(result.Output, Is.EqualTo("10000\n"), result.ToString());
    }

    private static async Task<ToolResult> AssertRefusedAsync(Endpoint endpoint, string code)
    {
        ToolResult result = await Tools.PsqlAsync(endpoint, "SELECT count(*) FROM customers;");
        Assert.That(result.ExitCode, Is.EqualTo(2), result.ToString());
        Assert.That(result.Output, Is.Empty);
        Assert.That(Reference().IsMatch(result.Error), Is.True, result.ToString());
        // psql does not show the SQLSTATE of a failed connection; Npgsql does.
        PostgresException? error = Assert.ThrowsAsync<PostgresException>(() => endpoint.OpenAsync());
        Assert.That(error!.SqlState, Is.EqualTo(code), result.ToString());
        return result;
    }

    private static string WithoutReference(string error) => UserName().Replace(Reference().Replace(error, "(ref)"), "user");

    [GeneratedRegex(@"\bref ([0-9A-Z]{6})\b")]
    private static partial Regex Reference();

    [GeneratedRegex(@"alice\+[0-9A-Za-z]{10}")]
    private static partial Regex UserName();
}

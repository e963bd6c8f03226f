using NUnit.Framework;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Sessions;
using WireGate.Testing.Peers;

namespace WireGate.Postgres.Tests.Sessions;

/// <summary>Every refusal has its code, its reference, and the same reference in the audit log.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class RefusalTests(TransportKind transport) : SessionFixture(transport)
{
    private async Task<ScriptedClient> PresentAsync(string token, string database = "shop")
    {
        ScriptedClient client = await ConnectAsync();
        await client.StartAsync("someone", database);
        await client.PresentPasswordAsync(token);
        return client;
    }

    [Test]
    public async Task A_wrong_password_is_28P01_and_says_nothing_that_helps_a_guesser()
    {
        using Secret never = PlaceholderToken.Create(out _);
        foreach (string wrong in new[] { "", "guess", System.Text.Encoding.ASCII.GetString(never.Span) })
        {
            await using ScriptedClient client = await PresentAsync(wrong);
            PeerMessage error = (await client.ReadGreetingAsync())[^1];
            Assert.That(error.Field('C'), Is.EqualTo("28P01"));
            Assert.That(error.Field('M'), Does.Match("^the placeholder was not accepted \\(ref [0-9A-Z]{6}\\)$"));
        }

        Assert.That(Upstream.HasWaiting, Is.False, "nobody was proven, so nothing is dialled");
    }

    [Test]
    public async Task What_is_wrong_with_a_placeholder_stands_in_the_audit_log_alone()
    {
        (string Name, Func<Placeholder, Placeholder> Change)[] cases =
        [
            ("was revoked", p => p with { Revoked = p.Minted }),
            ("has expired", p => p with { Expires = p.Minted }),
            ("not valid yet", p => p with { NotBefore = p.Minted.AddDays(1) }),
            ("no use left", p => p with { UsesLeft = 0 }),
            ("other networks", p => p with { Sources = [System.Net.IPNetwork.Parse("10.0.0.0/8")] }),
        ];
        Start(c => c with { Limits = c.Limits with { FailurePenalty = TimeSpan.Zero } });
        foreach ((string name, Func<Placeholder, Placeholder> change) in cases)
        {
            await using ScriptedClient client = await PresentAsync(Gateway.Placeholders.Mint(change).Token);
            PeerMessage error = (await client.ReadGreetingAsync())[^1];
            Assert.That(error.Field('M'), Does.StartWith("the placeholder was not accepted (ref "));
            Assert.That(Gateway.Records(AuditEventKind.SessionRefused)[^1].Detail, Does.Contain(name));
        }
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_wrong_SCRAM_proof_and_an_unknown_id_look_the_same(bool known)
    {
        ScriptedClient client = await ConnectAsync();
        await client.StartAsync($"alice+{(known ? Gateway.Placeholders.Mint().Id : "0000000000")}", "shop");
        await client.PresentScramAsync("guess");
        PeerMessage error = await RefusedAsync(client, "28P01", SessionEnd.AuthenticationFailed);
        Assert.That(error.Field('M'), Does.StartWith("the placeholder was not accepted"));
    }

    [Test]
    public async Task Failures_on_this_machine_shut_nobody_out()
    {
        for (int i = 1; i <= 8; i++)
        {
            await using ScriptedClient client = await PresentAsync("guess");
            await client.ReadGreetingAsync();
            await Gateway.EndAsync(i);
        }

        await EstablishAsync();
    }

    [Test]
    public async Task A_target_without_a_grant_is_28000()
    {
        Start(c => c with { Grants = [] });
        ScriptedClient client = await PresentAsync(Gateway.Placeholders.Mint().Token);
        await RefusedAsync(client, "28000", SessionEnd.NotGranted);
        Assert.That(Gateway.Placeholders.Taken, Is.Zero, "a refusal costs no use");
    }

    [Test]
    public async Task An_unknown_database_is_3D000()
    {
        ScriptedClient client = await PresentAsync(Gateway.Placeholders.Mint().Token, "payroll");
        await RefusedAsync(client, "3D000", SessionEnd.UnknownTarget);
    }

    [Test]
    public async Task One_session_too_many_of_an_identity_is_53300()
    {
        Start(c => c with { Limits = c.Limits with { SessionsPerIdentity = 1 } });
        await EstablishAsync();
        ScriptedClient second = await PresentAsync(Gateway.Placeholders.Mint().Token);
        await RefusedAsync(second, "53300", SessionEnd.LimitReached);
    }

    [Test]
    public async Task A_secret_that_cannot_be_had_is_57P03_and_nothing_is_dialled()
    {
        File.Delete(Gateway.PasswordFile);
        ScriptedClient client = await PresentAsync(Gateway.Placeholders.Mint().Token);
        PeerMessage error = await RefusedAsync(client, "57P03", SessionEnd.CredentialUnavailable);
        Assert.That(error.Field('M'), Does.Not.Contain(Gateway.PasswordFile));
        Assert.That(Upstream.HasWaiting, Is.False);
    }

    [Test]
    public async Task A_secret_that_is_no_password_is_57P03_and_nothing_is_dialled()
    {
        File.WriteAllBytes(Gateway.PasswordFile, System.Text.Encoding.Unicode.GetBytes("password"));
        ScriptedClient client = await PresentAsync(Gateway.Placeholders.Mint().Token);
        await RefusedAsync(client, "57P03", SessionEnd.CredentialUnavailable);
        Assert.That(Upstream.HasWaiting, Is.False);
    }

    [TestCase("application_name", "{0}")]
    [TestCase("application_name", "wgp_wgp_ psql of {0}!")]
    [TestCase("options", "-c application_name={0}")]
    public async Task A_placeholder_in_a_startup_parameter_goes_nowhere(string name, string value)
    {
        string token = Gateway.Placeholders.Mint().Token;
        ScriptedClient client = await PresentAsync((name, string.Format(System.Globalization.CultureInfo.InvariantCulture, value, token)));
        PeerMessage error = await RefusedAsync(client, "0A000", SessionEnd.FeatureRefused);
        Assert.That(error.Field('M'), Does.Not.Contain("wgp_"));
        Assert.That(Upstream.HasWaiting, Is.False);
    }

    [Test]
    public async Task A_store_that_fails_lets_nobody_through()
    {
        Gateway.Placeholders.Failure = new StoreUnavailableException("disk full");
        ScriptedClient client = await PresentAsync(Gateway.Placeholders.Mint().Token);
        await RefusedAsync(client, "58030", SessionEnd.AuditFailed);
        Assert.That(Upstream.HasWaiting, Is.False);
    }

    [TestCase("search_path", "evil")]
    [TestCase("role", "postgres")]
    [TestCase("session_authorization", "postgres")]
    [TestCase("options", "-c search_path=evil")]
    [TestCase("options", "--session_preload_libraries=evil")]
    [TestCase("options", "-F")]
    [TestCase("replication", "true")]
    [TestCase("replication", "database")]
    [TestCase("replication", "perhaps")]
    public async Task T26_A_startup_parameter_that_changes_what_a_session_is_is_refused(string name, string value)
    {
        ScriptedClient client = await ConnectAsync();
        await client.StartAsync("someone", "shop", (name, value));
        await client.PresentPasswordAsync(Gateway.Placeholders.Mint().Token);
        await RefusedAsync(client, "0A000", SessionEnd.FeatureRefused);
        Assert.That(Upstream.HasWaiting, Is.False);
    }

    [TestCase(2 << 16)]
    [TestCase(4 << 16)]
    public async Task Another_major_version_of_the_protocol_is_0A000(int version)
    {
        ScriptedClient client = await ConnectAsync();
        await client.SendAsync(ScriptedClient.Startup(version, ("user", "someone")));
        await RefusedAsync(client, "0A000", SessionEnd.FeatureRefused);
    }

    [TestCase(AuditEventKind.SessionOpened)]
    [TestCase(AuditEventKind.SessionAuthenticated)]
    public async Task Without_its_audit_log_the_gateway_lets_nobody_through_and_says_so(AuditEventKind failing)
    {
        Gateway.Audit.Fails = e => e.Kind == failing;
        ScriptedClient client = await ConnectAsync();
        await client.StartAsync("someone", "shop");
        if (failing == AuditEventKind.SessionAuthenticated)
        {
            await client.PresentPasswordAsync(Gateway.Placeholders.Mint().Token);
        }

        PeerMessage error = (await client.ReadGreetingAsync())[^1];
        Assert.That(error.Field('C'), Is.EqualTo("58030"));
        Assert.That((await Gateway.EndAsync()).End, Is.EqualTo(SessionEnd.AuditFailed));
        Assert.That(Upstream.HasWaiting, Is.False);
    }

    [Test]
    public async Task A_refusal_that_cannot_be_audited_is_no_refusal_with_a_reason()
    {
        Gateway.Audit.Fails = e => e.Kind == AuditEventKind.SessionRefused;
        ScriptedClient client = await PresentAsync("guess");
        Assert.That((await client.ReadGreetingAsync())[^1].Field('C'), Is.EqualTo("58030"));
        await Gateway.EndAsync();
    }

    [Test]
    public async Task The_credential_waits_until_the_record_of_its_use_is_on_disk()
    {
        Gateway.Audit.HoldDisk();
        ScriptedClient client = await PresentAsync(Gateway.Placeholders.Mint().Token);
        UpstreamPeer upstream = await AcceptAsync();

        // A whole exchange could have passed before this sentinel's answer: nothing did.
        Task<Dictionary<string, string>> startup = upstream.ReadStartupAsync();
        await upstream.SendAsync(ScriptedClient.Message('N', 0));
        Assert.That(startup.IsCompleted, Is.False, "not even the startup message has come");
        Gateway.Audit.ReleaseDisk();
        await startup;
        Assert.That(await upstream.AuthenticateAsync(TestGateway.Password));
        await upstream.GreetAsync();
        Assert.That((await client.ReadGreetingAsync())[^1].Type, Is.EqualTo('Z'));
    }

    [Test]
    public async Task A_record_that_never_reaches_the_disk_ends_the_session_before_the_credential_is_used()
    {
        Gateway.Audit.HoldDisk();
        ScriptedClient client = await PresentAsync(Gateway.Placeholders.Mint().Token);
        UpstreamPeer upstream = await AcceptAsync();
        Gateway.Audit.ReleaseDisk(new AuditFailedException("the disk is gone"));
        Assert.That((await client.ReadGreetingAsync())[^1].Field('C'), Is.EqualTo("58030"));
        Assert.That(await upstream.ReadToEndAsync(), Is.Empty);
    }
}

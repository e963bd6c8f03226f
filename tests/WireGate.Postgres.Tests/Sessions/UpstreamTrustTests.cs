using System.Security.Authentication;
using System.Security.Cryptography;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Testing.Peers;

namespace WireGate.Postgres.Tests.Sessions;

/// <summary>T21 towards the upstream: which proof it may ask for is pinned, and it has to give its own.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class UpstreamTrustTests(TransportKind transport) : SessionFixture(transport)
{
    private GatewayConfig VerifyFull(GatewayConfig config) => WithTarget(
        config, t => t with { Tls = new ClientTlsConfig { Mode = TlsMode.VerifyFull, CaPath = Tls.CertificatePath } });

    private static Func<GatewayConfig, GatewayConfig> Allowing(params string[] methods) =>
        c => WithTarget(c, t => t with { Authentication = [.. methods] });

    /// <summary>An upstream up to the point at which it asks for a proof, and the client that waits.</summary>
    private async Task<(ScriptedClient Client, UpstreamPeer Upstream)> AskingAsync()
    {
        ScriptedClient client = await PresentAsync();
        UpstreamPeer upstream = await AcceptAsync();
        await upstream.ReadStartupAsync();
        return (client, upstream);
    }

    /// <summary>The gateway does not answer, closes, and the client learns that the upstream cannot be trusted.</summary>
    private async Task NotTrustedAsync(ScriptedClient client, UpstreamPeer upstream)
    {
        await RefusedAsync(client, "08006", SessionEnd.UpstreamNotTrusted);
        Assert.That(await upstream.ReadToEndAsync(), Is.Empty, "no proof, and no second attempt");
        Assert.That(Upstream.HasWaiting, Is.False);
    }

    [TestCase("N")]
    [TestCase("E")]
    [TestCase("SS")]
    [TestCase("X")]
    public async Task T21_An_upstream_that_does_not_speak_TLS_gets_nothing_in_clear(string answer)
    {
        Start(VerifyFull);
        ScriptedClient client = await PresentAsync();
        UpstreamPeer upstream = await AcceptAsync();
        Assert.That((await upstream.ReadPacketAsync()).Code, Is.EqualTo(80877103));
        await upstream.SendAsync(Encoding.ASCII.GetBytes(answer));
        await NotTrustedAsync(client, upstream);
    }

    [Test]
    public async Task T21_An_upstream_with_another_certificate_gets_nothing()
    {
        using var other = new Testing.Tls.TestCertificate();
        Start(VerifyFull);
        ScriptedClient client = await PresentAsync();
        UpstreamPeer upstream = await AcceptAsync();
        Assert.That(
            async () =>
            {
                await upstream.EncryptAsync(other.Certificate);
                await upstream.ReadAsync(1);
            },
            Throws.InstanceOf<IOException>().Or.InstanceOf<AuthenticationException>());
        await RefusedAsync(client, "08006", SessionEnd.UpstreamNotTrusted);
    }

    [TestCase(3, "", TestName = "T21_A_request_for_a_cleartext_password_is_a_downgrade")]
    [TestCase(5, "salt", TestName = "T21_A_request_for_md5_is_a_downgrade")]
    [TestCase(2, "", TestName = "T21_Kerberos_is_not_answered")]
    [TestCase(7, "", TestName = "T21_GSS_is_not_answered")]
    [TestCase(9, "", TestName = "T21_SSPI_is_not_answered")]
    [TestCase(11, "r=x", TestName = "T21_SASLContinue_out_of_nowhere_is_refused")]
    [TestCase(12, "v=x", TestName = "T21_SASLFinal_out_of_nowhere_is_refused")]
    [TestCase(99, "", TestName = "T21_An_unknown_authentication_request_is_refused")]
    [TestCase(0, "", TestName = "T21_AuthenticationOk_without_any_proof_is_refused")]
    [TestCase(10, "SCRAM-MD5\0\0", TestName = "T21_SASL_without_a_mechanism_of_ours_is_refused")]
    [TestCase(10, "SCRAM-SHA-256-PLUS\0\0", TestName = "T21_SCRAM_PLUS_without_TLS_is_refused")]
    [TestCase(10, "\0", TestName = "T21_SASL_without_any_mechanism_is_refused")]
    public async Task First_request(int code, string data)
    {
        (ScriptedClient client, UpstreamPeer upstream) = await AskingAsync();
        await upstream.AskAsync(code, data);
        await NotTrustedAsync(client, upstream);
    }

    [TestCase("r=mallory,s=c2FsdHNhbHQ=,i=4096", TestName = "T21_A_nonce_that_does_not_continue_ours_is_refused")]
    [TestCase("r={nonce},s=c2FsdHNhbHQ=,i=4096", TestName = "T21_A_nonce_that_adds_nothing_to_ours_is_refused")]
    [TestCase("r={nonce}{long},s=c2FsdHNhbHQ=,i=4096", TestName = "T21_A_nonce_that_is_too_long_is_refused")]
    [TestCase("r={nonce}x,s=c2FsdHNhbHQ=,i=10000000", TestName = "T21_Ten_million_rounds_are_refused")]
    [TestCase("r={nonce}x,s=c2FsdHNhbHQ=,i=100001", TestName = "T21_More_rounds_than_we_compute_are_refused")]
    [TestCase("r={nonce}x,s=c2FsdHNhbHQ=,i=1", TestName = "T21_A_single_round_gets_no_proof_to_guess_the_password_from")]
    [TestCase("r={nonce}x,s=c2FsdHNhbHQ=,i=4095", TestName = "T21_Fewer_rounds_than_those_of_PostgreSQL_get_no_proof")]
    [TestCase("r={nonce}x,s=c2FsdHNhbHQ=,i=0", TestName = "T21_No_round_is_refused")]
    [TestCase("r={nonce}x,s=c2FsdHNhbHQ=,i=-1", TestName = "T21_Negative_rounds_are_refused")]
    [TestCase("r={nonce}x,s=,i=4096", TestName = "T21_An_empty_salt_is_refused")]
    [TestCase("m=x,r={nonce}x,s=c2FsdHNhbHQ=,i=4096", TestName = "T21_A_mandatory_extension_is_refused")]
    public async Task Server_first(string message)
    {
        (ScriptedClient client, UpstreamPeer upstream) = await AskingAsync();
        await upstream.AskAsync(10, "SCRAM-SHA-256\0\0");
        string nonce = (await upstream.ExpectAsync('p')).Text.Split("r=")[1];
        await upstream.AskAsync(11, message.Replace("{nonce}", nonce).Replace("{long}", new string('x', 600)));
        await NotTrustedAsync(client, upstream);
    }

    [TestCase(12, "v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", TestName = "T21_A_wrong_server_signature_is_refused")]
    [TestCase(0, "", TestName = "T21_AuthenticationOk_without_SASLFinal_is_refused")]
    [TestCase(3, "", TestName = "T21_A_cleartext_password_behind_SCRAM_is_refused")]
    [TestCase(10, "SCRAM-SHA-256\0\0", TestName = "T21_A_second_SCRAM_is_refused")]
    [TestCase(11, "r={nonce}x,s=c2FsdHNhbHQ=,i=4096", TestName = "T21_A_second_SASLContinue_is_refused")]
    public async Task Behind_our_proof(int code, string data)
    {
        (ScriptedClient client, UpstreamPeer upstream) = await AskingAsync();
        await upstream.AskAsync(10, "SCRAM-SHA-256\0\0");
        string nonce = (await upstream.ExpectAsync('p')).Text.Split("r=")[1];
        await upstream.AskAsync(11, $"r={nonce}x,s=c2FsdHNhbHQ=,i=4096");
        await upstream.ExpectAsync('p');
        await upstream.AskAsync(code, data.Replace("{nonce}", nonce));
        await NotTrustedAsync(client, upstream);
    }

    [Test]
    public async Task T21_A_SASLFinal_before_our_proof_is_refused()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await AskingAsync();
        await upstream.AskAsync(10, "SCRAM-SHA-256\0\0");
        await upstream.ExpectAsync('p');
        await upstream.AskAsync(12, "v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
        await NotTrustedAsync(client, upstream);
    }

    [TestCase(11, "r=x,s=c2FsdHNhbHQ=,i=4096", TestName = "T21_A_SASLContinue_behind_the_proof_of_the_upstream_is_refused")]
    [TestCase(12, "v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", TestName = "T21_A_second_SASLFinal_is_refused")]
    public async Task Behind_its_proof(int code, string data)
    {
        (ScriptedClient client, UpstreamPeer upstream) = await AskingAsync();
        Assert.That(await upstream.AuthenticateAsync(TestGateway.Password));
        await upstream.AskAsync(code, data);
        await NotTrustedAsync(client, upstream);
    }

    [TestCase("scram-sha-256-plus", "SCRAM-SHA-256\0\0", TestName = "T21_A_stripped_offer_of_PLUS_is_refused_where_PLUS_is_pinned")]
    public async Task Pinned(string method, string offer)
    {
        Start(c => Allowing(method)(VerifyFull(c)));
        ScriptedClient client = await PresentAsync();
        UpstreamPeer upstream = await AcceptAsync();
        await upstream.EncryptAsync(Tls.Certificate);
        await upstream.ReadStartupAsync();
        await upstream.AskAsync(10, offer);
        await NotTrustedAsync(client, upstream);
    }

    [TestCase("SCRAM-SHA-256\0", "y,,", TestName = "T21_An_upstream_that_is_made_not_to_offer_PLUS_is_told_that_we_could")]
    [TestCase("SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0", "p=tls-server-end-point,,", TestName = "SCRAM_PLUS_is_bound_to_the_certificate_of_the_upstream")]
    public async Task Inside_TLS(string offer, string header)
    {
        Start(VerifyFull);
        ScriptedClient client = await PresentAsync();
        UpstreamPeer upstream = await AcceptAsync();
        await upstream.EncryptAsync(Tls.Certificate);
        await upstream.ReadStartupAsync();
        byte[] binding = header[0] == 'p' ? SHA256.HashData(Tls.Certificate.RawData) : [];
        Assert.That(await upstream.AuthenticateAsync(TestGateway.Password, offer, header, binding));
        await upstream.GreetAsync();
        Assert.That((await client.ReadGreetingAsync())[^1].Type, Is.EqualTo('Z'));
    }

    [Test]
    public async Task A_cleartext_password_goes_where_the_target_allows_it_by_name()
    {
        Start(Allowing("cleartext"));
        (ScriptedClient client, UpstreamPeer upstream) = await AskingAsync();
        await upstream.AskAsync(3);
        Assert.That((await upstream.ExpectAsync('p')).Text, Is.EqualTo(TestGateway.Password + "\0"));
        await upstream.GreetAsync();
        Assert.That((await client.ReadGreetingAsync())[^1].Type, Is.EqualTo('Z'));
    }

    [Test]
    public async Task Md5_goes_where_the_target_allows_it_by_name()
    {
#pragma warning disable CA5351 // The protocol's own.
        static string Hex(string text) => Convert.ToHexStringLower(MD5.HashData(Encoding.ASCII.GetBytes(text)));
#pragma warning restore CA5351
        Start(Allowing("md5"));
        (ScriptedClient client, UpstreamPeer upstream) = await AskingAsync();
        await upstream.AskAsync(5, "salt");
        Assert.That((await upstream.ExpectAsync('p')).Text, Is.EqualTo($"md5{Hex(Hex(TestGateway.Password + "app_ro") + "salt")}\0"));
        await upstream.GreetAsync();
        Assert.That((await client.ReadGreetingAsync())[^1].Type, Is.EqualTo('Z'));
    }
}

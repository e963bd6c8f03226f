using System.Text;
using NUnit.Framework;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Postgres.Authentication;
using WireGate.Testing.Peers;

namespace WireGate.Postgres.Tests.Sessions;

/// <summary>T46: an upstream that lies, floods, or tells what is not for the client.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class HostileUpstreamTests(TransportKind transport) : SessionFixture(transport)
{
    private async Task<(ScriptedClient Client, UpstreamPeer Upstream)> AcceptedAsync()
    {
        ScriptedClient client = await PresentAsync();
        UpstreamPeer upstream = await AcceptAsync();
        await upstream.ReadStartupAsync();
        Assert.That(await upstream.AuthenticateAsync(TestGateway.Password));
        await upstream.AskAsync(0);
        return (client, upstream);
    }

    private static byte[] Setting(string name, string value) =>
        ScriptedClient.Message('S', Encoding.UTF8.GetBytes($"{name}\0{value}\0"));

    private async Task BrokeProtocolAsync(ScriptedClient client, UpstreamPeer upstream)
    {
        PeerMessage last = await client.ExpectAsync('E');
        Assert.That((last.Field('S'), last.Field('C')), Is.EqualTo(("FATAL", "08P01")));
        Assert.That(await client.ReadToEndAsync(), Is.Empty);
        Assert.That(await upstream.ReadToEndAsync(), Is.Empty);
        Assert.That((await Gateway.EndAsync()).End, Is.EqualTo(SessionEnd.UpstreamBrokeProtocol));
    }

    [TestCase("SFATAL\0Msomething\0\0")]
    [TestCase("SFATAL\0C42\0M\0\0")]
    [TestCase("\0")]
    public async Task T46_An_error_without_a_SQLSTATE_refuses_the_session_and_is_not_passed_on(string fields)
    {
        ScriptedClient client = await PresentAsync();
        UpstreamPeer upstream = await AcceptAsync();
        await upstream.ReadStartupAsync();
        await upstream.SendAsync('E', fields);
        PeerMessage error = await RefusedAsync(client, "57P03", SessionEnd.UpstreamRefused);
        Assert.That(error.Field('M'), Does.StartWith("the upstream refused the session (ref "));
    }

    [TestCase("28000", "role \"app_ro\" is not permitted to log in", "57P03")]
    [TestCase("3D000", "database \"shop\" is not for app_ro", "3D000")]
    [TestCase("53300", "too many connections for role \"app_ro\"", "53300")]
    [TestCase("53300", "too many connections for role \"APP_RO\"", "53300")]
    [TestCase("53300", "the password is the real one, for App_Ro", "53300")]
    [TestCase("53300", "\u001b[31mthe password is the real one\r\nfake", "53300")]
    public async Task T46_An_error_that_names_the_real_user_or_its_password_is_not_passed_on(string state, string message, string expected)
    {
        ScriptedClient client = await PresentAsync();
        UpstreamPeer upstream = await AcceptAsync();
        await upstream.ReadStartupAsync();
        await upstream.RefuseAsync(state, message);
        PeerMessage error = (await client.ReadGreetingAsync())[^1];
        Assert.That(error.Field('C'), Is.EqualTo(expected));
        Assert.That(error.Field('M'), Does.StartWith("the upstream refused the session (ref "), "in the gateway's own words");
        await Gateway.EndAsync();
        string kept = message.Replace("app_ro", "***", StringComparison.OrdinalIgnoreCase).Replace(TestGateway.Password, "***");
        kept = string.Concat(kept.Select(c => char.IsControl(c) ? '?' : c));
        Assert.That(Gateway.Records(AuditEventKind.SessionRefused).Single().Detail, Does.EndWith($"{state}: {kept}"), "the operator sees the rest");
    }

    [Test]
    public async Task T46_A_notice_of_the_greeting_that_names_the_real_user_or_its_password_is_dropped()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await AcceptedAsync();
        await upstream.SendAsync('N', "SNOTICE\0C00000\0Mwelcome app_ro\0\0");
        await upstream.SendAsync('N', "SNOTICE\0C00000\0Mwelcome APP_RO\0\0");
        await upstream.SendAsync('N', $"SNOTICE\0C00000\0Mwelcome, {TestGateway.Password}\0\0");
        await upstream.SendAsync('N', "SNOTICE\0C00000\0Mwelcome\0\0");
        await upstream.SendAsync(ScriptedClient.Message('Z', (byte)'I'));
        IReadOnlyList<PeerMessage> greeting = await client.ReadGreetingAsync();
        Assert.That(greeting.Where(m => m.Type == 'N').Select(m => m.Field('M')), Is.EqualTo(["welcome"]));
    }

    [TestCase('N')]
    [TestCase('S')]
    public async Task T46_A_greeting_without_end_is_not_kept(char type)
    {
        (ScriptedClient client, UpstreamPeer upstream) = await AcceptedAsync();
        byte[] message = type == 'S' ? Setting("x", new string('y', 1000)) : ScriptedClient.Message('N', [.. Encoding.ASCII.GetBytes("M" + new string('y', 1000)), 0, 0]);
        Task<PeerMessage> refused = RefusedAsync(client, "08006", SessionEnd.UpstreamNotTrusted);
        for (int i = 0; i < 1000 && !refused.IsCompleted; i++)
        {
            try
            {
                await upstream.SendAsync(message);
            }
            catch (IOException)
            {
                break;
            }
        }

        await refused;
    }

    [Test]
    public async Task T46_A_flood_of_notices_before_the_proof_ends_at_the_deadline()
    {
        ScriptedClient client = await PresentAsync();
        UpstreamPeer upstream = await AcceptAsync();
        await upstream.ReadStartupAsync();
        for (int i = 0; i < 1000; i++)
        {
            await upstream.SendAsync('N', "SNOTICE\0C00000\0Mwait\0\0");
        }

        Gateway.Time.Advance(Gateway.Config.Limits.Connect);
        await RefusedAsync(client, "57P03", SessionEnd.UpstreamUnreachable);
    }

    [Test]
    public async Task T46_A_login_that_waits_for_its_derivation_ends_with_its_turn_and_the_next_one_succeeds()
    {
        SemaphoreSlim places = ScramKeyCache.PlacesOfProcess;
        int taken = 0;
        try
        {
            for (; places.CurrentCount > 0; taken++)
            {
                await places.WaitAsync();
            }

            ScriptedClient client = await PresentAsync();
            UpstreamPeer upstream = await AcceptAsync();
            await upstream.ReadStartupAsync();
            await upstream.AskAsync(10, "SCRAM-SHA-256\0\0");
            string nonce = (await upstream.ExpectAsync('p')).Text.Split("r=")[1];
            await upstream.AskAsync(11, $"r={nonce}x,s=c2FsdHNhbHQ=,i=100000");
            Gateway.Time.Advance(Gateway.Config.Limits.Connect);
            await RefusedAsync(client, "57P03", SessionEnd.UpstreamUnreachable);
            Assert.That(await upstream.ReadToEndAsync(), Is.Empty, "no proof was derived");
        }
        finally
        {
            if (taken > 0)
            {
                places.Release(taken);
            }
        }

        await EstablishAsync();
    }

    [TestCase("7600000010000300000000000000000000", TestName = "T46_A_negotiation_of_the_version_that_we_asked_for_is_refused")]
    [TestCase("7A00000004", TestName = "T46_An_unknown_message_in_the_greeting_is_refused")]
    [TestCase("4400000006000000", TestName = "T46_A_row_in_the_greeting_is_refused")]
    [TestCase("5200000008000000030000", TestName = "T46_A_request_for_a_password_behind_AuthenticationOk_is_refused")]
    [TestCase("4B00000008000000010000", TestName = "T46_A_cancel_key_without_a_key_is_refused")]
    [TestCase("4B7FFFFFFF", TestName = "T46_A_cancel_key_of_two_gigabytes_is_refused")]
    [TestCase("4B0000000C00000001000000014B0000000C0000000100000002", TestName = "T46_A_second_cancel_key_is_refused")]
    [TestCase("5A0000000558", TestName = "T46_A_transaction_status_that_does_not_exist_is_refused")]
    [TestCase("530000000861626364", TestName = "T46_A_setting_without_its_terminators_is_refused")]
    public async Task Greeting(string hex)
    {
        (ScriptedClient client, UpstreamPeer upstream) = await AcceptedAsync();
        await WithLittleMemoryAsync(async () =>
        {
            await upstream.SendAsync(Convert.FromHexString(hex));
            await RefusedAsync(client, "08006", SessionEnd.UpstreamNotTrusted);
        });
    }

    [TestCase("520000000800000003", TestName = "T46_A_request_for_a_password_behind_ReadyForQuery_is_never_answered")]
    [TestCase("4B0000000C0000000100000001", TestName = "T46_A_cancel_key_behind_ReadyForQuery_is_refused")]
    [TestCase("760000000C0003000000000000", TestName = "T46_A_negotiation_behind_ReadyForQuery_is_refused")]
    [TestCase("7800000004", TestName = "T46_An_unknown_message_is_refused")]
    [TestCase("4400000003", TestName = "T46_A_row_of_impossible_length_is_refused")]
    [TestCase("4480000000", TestName = "T46_A_row_of_negative_length_is_refused")]
    [TestCase("5A00100000", TestName = "T46_A_ReadyForQuery_of_a_megabyte_is_refused")]
    [TestCase("530000000861626364", TestName = "T46_A_setting_without_its_end_is_refused")]
    public async Task Behind_the_greeting(string hex)
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        await WithLittleMemoryAsync(async () =>
        {
            await upstream.SendAsync(Convert.FromHexString(hex));
            await BrokeProtocolAsync(client, upstream);
        });
    }

    [Test]
    public async Task T46_What_came_before_a_broken_message_reaches_the_client_whole()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        byte[] row = ScriptedClient.Message('D', new byte[1000]);
        await AskAsync(client, upstream);
        await upstream.SendAsync(row.AsMemory(0, 100));
        Assert.That(await client.ReadAsync(100), Is.EqualTo(row[..100]));
        await upstream.SendAsync((byte[])[.. row[100..], .. ScriptedClient.Message('C', [.. "SELECT 1\0"u8]), (byte)'R', 0, 0, 0, 8, 0, 0, 0, 3]);
        Assert.That(await client.ReadAsync(900 + 5), Is.EqualTo(row[100..]), "a word inside the row would be read as a part of it");
        await client.ExpectAsync('C');
        await BrokeProtocolAsync(client, upstream);
    }

    [Test]
    public async Task T46_An_answer_to_nothing_that_was_asked_ends_the_session()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await AcceptedAsync();
        byte[] ready = ScriptedClient.Message('Z', (byte)'I');
        await upstream.SendAsync((byte[])[.. ready, .. ready]);
        Assert.That((await client.ReadGreetingAsync())[^1].Type, Is.EqualTo('Z'));
        await BrokeProtocolAsync(client, upstream);
    }

    [Test]
    public async Task T46_The_real_user_is_not_named_in_mid_session_either()
    {
        (ScriptedClient client, UpstreamPeer upstream) = await EstablishAsync();
        byte[] message = Setting("session_authorization", "app_ro");
        await upstream.SendChoppedAsync(message, () => 1);
        Assert.That((await client.ExpectAsync('S')).Text, Is.EqualTo("session_authorization\0alice\0"));
        await upstream.SendAsync(Setting("session_authorization", "somebody_else"));
        Assert.That((await client.ExpectAsync('S')).Text, Is.EqualTo("session_authorization\0somebody_else\0"));
    }
}

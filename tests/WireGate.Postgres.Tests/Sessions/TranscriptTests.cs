using System.Text;
using System.Text.RegularExpressions;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Testing.Peers;

namespace WireGate.Postgres.Tests.Sessions;

/// <summary>Whole sessions as both peers saw them, against what was written down once and read by a person.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed partial class TranscriptTests(TransportKind transport) : SessionFixture(transport)
{
    private readonly StringBuilder _seen = new();

    [Test]
    public async Task A_session_by_SCRAM_from_startup_to_Terminate()
    {
        _seen.Clear();
        (string id, string token) = Gateway.Placeholders.Mint();
        ScriptedClient client = await ConnectAsync();
        await client.StartAsync($"alice+{id}@orders", "shop", ("application_name", "psql"), ("options", "-c statement_timeout=5s"));
        string signature = await client.PresentScramAsync(token);
        UpstreamPeer upstream = await AcceptAsync();
        Note("to upstream", string.Join(' ', await upstream.ReadStartupAsync()));
        await upstream.AuthenticateAsync(TestGateway.Password);
        await upstream.GreetAsync();
        foreach (PeerMessage message in await client.ReadGreetingAsync(signature))
        {
            Note("to client  ", message);
        }

        await client.SendAsync(ScriptedClient.Message('Q', [.. "select 1\0"u8]));
        Note("to upstream", await upstream.ReadMessageAsync());
        await upstream.SendAsync('C', "SELECT 1\0");
        await upstream.SendAsync('Z', (byte)'I');
        Note("to client  ", await client.ReadMessageAsync());
        Note("to client  ", await client.ReadMessageAsync());
        await client.SendAsync(ScriptedClient.Message('X'));
        Note("to upstream", await upstream.ReadMessageAsync());
        await upstream.DisposeAsync();
        Note("to client  ", Encoding.UTF8.GetString(await client.ReadToEndAsync()) + "end");
        await Gateway.EndAsync();
        foreach (Core.Audit.AuditEvent record in Gateway.Audit.Events)
        {
            object?[] facts = [record.Identity, record.Method, record.Target, record.Login, record.Database, record.Grant, record.End, record.ClientBytes, record.UpstreamBytes];
            Note("to audit   ", $"{record.Kind} {string.Join(' ', facts.Select(f => f ?? "-"))}");
        }

        Assert.That(_seen.ToString(), Is.EqualTo(
            """
            to upstream [user, app_ro] [database, shop] [statement_timeout, 5s] [application_name, psql]
            to client   R(|||.v=BASE64)
            to client   R(||||)
            to client   S(server_version|17.0|)
            to client   S(session_authorization|alice|)
            to client   K(||.gKEY)
            to client   Z(I)
            to upstream Q(select 1|)
            to client   C(SELECT 1|)
            to client   Z(I)
            to upstream X()
            to client   end
            to audit    SessionOpened - - - - - - None - -
            to audit    SessionAuthenticated local:alice scram-sha-256 orders ro shop agents None - -
            to audit    SessionEnded local:alice scram-sha-256 orders ro shop agents ClientClosed 19 20

            """));
    }

    [GeneratedRegex("v=[A-Za-z0-9+/]{43}=")]
    private static partial Regex Signature();

    private void Note(string direction, PeerMessage message)
    {
        // The key is random, and is no text.
        PeerMessage shown = message.Type == 'K' ? message with { Body = [.. message.Body[..4], .. "KEY"u8] } : message;
        Note(direction, shown.ToString());
    }

    private void Note(string direction, string what)
    {
        string masked = Signature().Replace(what, "v=BASE64");
        _seen.Append(direction).Append(' ')
            .Append(string.Concat(masked.Select(c => char.IsControl(c) ? '.' : c))).Append('\n');
    }
}

using System.Text;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Testing.Peers;

namespace WireGate.Postgres.Tests.Sessions;

/// <summary>T46: the client is not told by the gateway's own greeting which account it is given, whatever encoding it asks for.</summary>
[TestFixture(TransportKind.Epoll)]
[TestFixture(TransportKind.Streams)]
internal sealed class RealNameTests(TransportKind transport) : SessionFixture(transport)
{
    private const string Real = "b\u00fccher_app";

    private static byte[] Setting(byte[] name) => ScriptedClient.Message('S', [.. "session_authorization\0"u8, .. name, 0]);

    private async Task<(ScriptedClient Client, UpstreamPeer Upstream, IReadOnlyList<PeerMessage> Greeting)> GreetedAsync(string real, byte[] name)
    {
        Start(c => WithTarget(c, t => t with { Logins = [t.Logins[0] with { User = real }] }));
        ScriptedClient client = await PresentAsync();
        UpstreamPeer upstream = await AcceptAsync();
        await upstream.ReadStartupAsync();
        Assert.That(await upstream.AuthenticateAsync(TestGateway.Password));
        await upstream.AskAsync(0);
        await upstream.SendAsync((byte[])[.. Setting(name), .. ScriptedClient.Message('Z', (byte)'I')]);
        return (client, upstream, await client.ReadGreetingAsync());
    }

    [Test]
    public async Task T46_A_real_user_in_LATIN1_is_not_named_and_another_account_is()
    {
        (ScriptedClient client, UpstreamPeer upstream, IReadOnlyList<PeerMessage> greeting) = await GreetedAsync(Real, Encoding.Latin1.GetBytes(Real));
        Assert.That(greeting.Select(m => m.Text), Has.One.EqualTo("session_authorization\0alice\0"));
        foreach (byte[] form in (byte[][])[Encoding.Latin1.GetBytes(Real), Encoding.UTF8.GetBytes(Real)])
        {
            await upstream.SendAsync(Setting(form));
            Assert.That((await client.ExpectAsync('S')).Text, Is.EqualTo("session_authorization\0alice\0"));
        }

        await upstream.SendAsync(Setting([.. "somebody_else"u8]));
        Assert.That((await client.ExpectAsync('S')).Text, Is.EqualTo("session_authorization\0somebody_else\0"));
    }

    [Test]
    public async Task T46_An_account_that_a_pooler_calls_otherwise_is_not_named_by_that_either()
    {
        (ScriptedClient client, UpstreamPeer upstream, IReadOnlyList<PeerMessage> greeting) = await GreetedAsync("app_ro", [.. "behind_it"u8]);
        Assert.That(greeting.Select(m => m.Text), Has.One.EqualTo("session_authorization\0alice\0"));
        await upstream.SendAsync(Setting([.. "behind_it"u8]));
        Assert.That((await client.ExpectAsync('S')).Text, Is.EqualTo("session_authorization\0alice\0"));
    }
}

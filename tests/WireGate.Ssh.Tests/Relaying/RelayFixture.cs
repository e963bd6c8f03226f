using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Transport;
using static WireGate.Ssh.Tests.Relaying.RelayedSession;

namespace WireGate.Ssh.Tests.Relaying;

/// <summary>A relay, a client and an upstream that tests play, and what they say to each other again and again.</summary>
internal abstract class RelayFixture
{
    // The numbers that both sides give the channel.
    protected const uint Mine = 7, Theirs = 1_000_000;

    // What both sides let come: more than most tests send.
    protected const uint Window = 1 << 30, MostInPacket = 1 << 15;

    // In SSH_MSG_CHANNEL_OPEN of a session: some of it is kept back for answers of our own until it is known what for the channel is.
    private static readonly Range WindowField = 16..20;

    // In SSH_MSG_CHANNEL_OPEN_CONFIRMATION: none is given before something runs.
    private static readonly Range CreditField = 9..13;

    protected RelayedSession Relayed { get; set; } = null!;

    [TearDown]
    public async Task CloseAsync() => await Relayed.DisposeAsync();

    protected async Task RunAsync(Func<SshTransport, SshTransport, Task> script, params RuleConfig[] rules)
    {
        Relayed = await StartAsync(rules);
        await Relayed.OnLoopAsync(() => script(Relayed.Client, Relayed.Upstream));
    }

    protected static async Task OpenSessionAsync(SshTransport client, SshTransport upstream)
    {
        await PassAsync(client, upstream, Open("session", Mine));
        await PassAsync(upstream, client, Message(SshMessage.SSH_MSG_CHANNEL_OPEN_CONFIRMATION).UInt32(Mine).UInt32(Theirs).UInt32(Window).UInt32(MostInPacket));
    }

    /// <summary>What one side says reaches the other as it was said.</summary>
    protected static async Task PassAsync(SshTransport from, SshTransport to, SshWriter message)
    {
        byte[] sent = message.WrittenSpan.ToArray();
        await SendAsync(from, message);
        byte[] received = await ReadAsync(to);
        while (Kind(received) == SshMessage.SSH_MSG_CHANNEL_WINDOW_ADJUST && Kind(sent) != SshMessage.SSH_MSG_CHANNEL_WINDOW_ADJUST)
        {
            // What was kept back of the client's window.
            received = await ReadAsync(to);
        }

        if (Kind(sent) == SshMessage.SSH_MSG_CHANNEL_OPEN && sent.Length == WindowField.End.Value + sizeof(uint))
        {
            received.AsSpan(WindowField).CopyTo(sent.AsSpan(WindowField));
        }

        if (Kind(sent) == SshMessage.SSH_MSG_CHANNEL_OPEN_CONFIRMATION)
        {
            received.AsSpan(CreditField).CopyTo(sent.AsSpan(CreditField));
        }

        Assert.That(received, Is.EqualTo(sent));
    }

    protected static SshWriter Open(string type, uint number) =>
        Message(SshMessage.SSH_MSG_CHANNEL_OPEN).String(type).UInt32(number).UInt32(Window).UInt32(MostInPacket);

    protected static SshWriter Request(uint recipient, string type, bool wantsReply = true) =>
        Message(SshMessage.SSH_MSG_CHANNEL_REQUEST).UInt32(recipient).String(type).Boolean(wantsReply);

    protected static SshWriter Global(string type, bool wantsReply = true) => Message(SshMessage.SSH_MSG_GLOBAL_REQUEST).String(type).Boolean(wantsReply);

    /// <summary>A rule about requests that are not known here.</summary>
    protected static RuleConfig Naming(Verdict verdict, params string[] requests) => new()
    {
        Name = $"named-{verdict}",
        Match = new MatchConfig
        {
            Ssh = new SshMatchConfig
            {
                Requests = [.. requests.Select(r => RequestPattern.TryParse(r, out RequestPattern? pattern, out string? problem) ? pattern : throw new FormatException(problem))],
            },
        },
        Do = verdict,
    };

    protected static SshMessage Kind(byte[] message) => (SshMessage)message[0];
}

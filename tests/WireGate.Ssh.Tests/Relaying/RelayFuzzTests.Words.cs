using WireGate.Ssh.Messages;
using static WireGate.Ssh.Tests.Relaying.RelayedSession;

namespace WireGate.Ssh.Tests.Relaying;

/// <content>What both sides say.</content>
internal sealed partial class RelayFuzzTests
{
    /// <summary>The message with one thing wrong. Not its words: what was denied must not be what is not.</summary>
    private byte[] Malformed(byte[] message)
    {
        int at = _random.Next(message.Length);
        switch (_random.Next(7))
        {
            case 0:
                message[0] = (byte)_random.Next(256);
                return message;
            case 1:
                return message[..Math.Max(1, at)];
            case 2:
                return [.. message, .. new byte[_random.Next(1, 9)]];
            case 3:
                // A length, a number or a flag, most likely.
                message[Math.Min(at, 4)] ^= (byte)(1 << _random.Next(8));
                return message;
            case 4 when message.Length >= 5:
                message.AsSpan(_random.Next(message.Length - 4), 4).Fill((byte)(_random.Next(2) * 0xFF));
                return message;
            case 5:
                byte[] noise = new byte[_random.Next(1, 64)];
                _random.NextBytes(noise);
                return [message[0], .. noise];
            default:
                message[at] ^= (byte)(1 << _random.Next(8));
                return message;
        }
    }

    private string Word() => Commands[_random.Next(Commands.Length)];

    /// <summary>One that is open, as the client has it; now and then any.</summary>
    private uint Number() => _open.Count == 0 || _random.Next(300) == 0 ? (uint)_random.Next(10) : _open[_random.Next(_open.Count)];

    private SshWriter ToUpstream(SshMessage kind) => Message(kind).UInt32(Number() + Apart);

    private SshWriter Ask(string type) => ToUpstream(SshMessage.SSH_MSG_CHANNEL_REQUEST).String(type).Boolean(_random.Next(2) == 0);

    private SshWriter Open(string type) =>
        Message(SshMessage.SSH_MSG_CHANNEL_OPEN).String(type).UInt32(_random.Next(200) == 0 ? Number() : _next++).UInt32(1 << 16).UInt32(1 << 15);

    private SshWriter Close()
    {
        uint number = Number();
        _open.Remove(number);
        return Message(SshMessage.SSH_MSG_CHANNEL_CLOSE).UInt32(number + Apart);
    }

    /// <summary>One thing that it says of a channel that the upstream has opened: that it takes it, most of the time.</summary>
    private SshWriter AnswerOffer()
    {
        uint shown = _offered.Dequeue(), number = unchecked(shown - Apart);
        if (_random.Next(5) == 0)
        {
            return Message(SshMessage.SSH_MSG_CHANNEL_OPEN_FAILURE).UInt32(shown).UInt32(1).String("no").String("");
        }

        _open.Add(number);
        return Message(SshMessage.SSH_MSG_CHANNEL_OPEN_CONFIRMATION).UInt32(shown).UInt32(number).UInt32(1 << 16).UInt32(1 << 15);
    }

    private SshWriter Global(string type, bool? wantsReply = null) =>
        Message(SshMessage.SSH_MSG_GLOBAL_REQUEST).String(type).Boolean(wantsReply ?? _random.Next(2) == 0);

    private SshWriter OfClient() => _random.Next(_open.Count == 0 ? 4 : 14) switch
    {
        _ when _random.Next(400) == 0 => Message(SshMessage.SSH_MSG_DISCONNECT).UInt32(11).String("enough").String(""),
        0 => Open("session"),
        1 when _random.Next(2) == 0 => Open("direct-streamlocal@openssh.com").String($"/{Word()}").String("").UInt32(0),
        1 => Open("direct-tcpip").String(Word()).UInt32(80).String("::1").UInt32(1),
        2 or 3 => OfClientToAll(),
        12 or 13 => OfClientBeforeItRuns(),
        4 or 5 => Ask("exec").String(Word()),
        6 => Ask(_random.Next(4) == 0 ? "signal" : "keepalive@openssh.com").String("INT"),
        7 => ToUpstream(SshMessage.SSH_MSG_CHANNEL_WINDOW_ADJUST).UInt32((uint)_random.Next(1 << 16)),
        8 when _random.Next(4) == 0 => Close(),
        8 => ToUpstream(SshMessage.SSH_MSG_CHANNEL_EOF),
        9 => Ask("subsystem").String(_random.Next(2) == 0 ? "sftp" : "other"),
        10 when _random.Next(50) == 0 => ToUpstream(SshMessage.SSH_MSG_CHANNEL_DATA).String("data"),
        _ => Message(SshMessage.SSH_MSG_IGNORE).String("x"),
    };

    private SshWriter OfClientToAll() => _random.Next(_offered.Count > 0 ? 9 : 6) switch
    {
        0 => Global("keepalive@openssh.com"),
        1 => Global("tcpip-forward").String(Word()).UInt32(_random.Next(5) == 0 ? 0u : 80),
        2 => Global("streamlocal-forward@openssh.com").String($"/{Word()}"),
        3 => Global("cancel-tcpip-forward").String("fine").UInt32(80),
        4 => Global("cancel-streamlocal-forward@openssh.com").String("/fine"),
        5 => Global("hostkeys-prove-00@openssh.com", wantsReply: true).String(_session.HostKeys[0].Blob.Span),
        _ => AnswerOffer(),
    };

    private SshWriter OfClientBeforeItRuns() => _random.Next(6) switch
    {
        0 => Ask("pty-req").String("xterm").UInt32(80).UInt32(24).UInt32(0).UInt32(0).String([53, 0, 0, 0, 1, 0]),
        1 => Ask("env").String("LC_ALL").String("C"),
        2 => Ask("env").String("LD_PRELOAD").String("denied"),
        3 => Ask("window-change").UInt32(100).UInt32(30).UInt32(0).UInt32(0),
        4 => Ask("x11-req").Boolean(false).String("MIT-MAGIC-COOKIE-1").String("00").UInt32(0),
        _ => Ask("auth-agent-req@openssh.com"),
    };

    private SshWriter OfUpstream() => _random.Next(20) switch
    {
        0 => Message(SshMessage.SSH_MSG_CHANNEL_WINDOW_ADJUST).UInt32(Number()).UInt32(1),
        1 => Message(SshMessage.SSH_MSG_CHANNEL_REQUEST).UInt32(Number()).String("exit-status").Boolean(_random.Next(2) == 0).UInt32(0),
        2 => Message(SshMessage.SSH_MSG_GLOBAL_REQUEST).String("hostkeys-00@openssh.com").Boolean(false).String("key"),
        3 when _random.Next(10) == 0 => Message(SshMessage.SSH_MSG_CHANNEL_SUCCESS).UInt32(Number()),
        4 when _random.Next(10) == 0 => Message(SshMessage.SSH_MSG_CHANNEL_CLOSE).UInt32(Number()),
        5 when _random.Next(20) == 0 => Message(SshMessage.SSH_MSG_DISCONNECT).UInt32(11).String("enough").String(""),
        6 => OpenOfUpstream("forwarded-tcpip").String("fine").UInt32(80).String("::1").UInt32(1),
        7 => OpenOfUpstream("forwarded-streamlocal@openssh.com").String("/fine").String(""),
        8 => OpenOfUpstream("x11").String("::1").UInt32(1),
        _ => _owed.TryDequeue(out SshWriter? owed) ? owed : Message(SshMessage.SSH_MSG_IGNORE).String("x"),
    };

    private SshWriter OpenOfUpstream(string type) =>
        Message(SshMessage.SSH_MSG_CHANNEL_OPEN).String(type).UInt32(_nextOfUpstream++).UInt32(1 << 16).UInt32(1 << 15);
}

using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;
using WireGate.Core.Approvals;
using WireGate.Core.Configuration;
using WireGate.Core.Framing;
using WireGate.Core.Policy;
using WireGate.Core.Sessions;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Transport;
using WireGate.Testing.Admin;
using WireGate.Testing.Approvals;
using static WireGate.Ssh.Tests.Relaying.RelayedSession;

namespace WireGate.Ssh.Tests.Relaying;

/// <summary>
/// Both sides say anything, in any order, some of it malformed, or most of it. Whatever they say, the session ends for a reason of theirs, and the upstream
/// never hears what was denied, or held and not approved.
/// </summary>
internal sealed class RelayFuzzTests
{
    private const int Rounds = 400;

    // The upstream's number for a channel is the client's and this.
    private const uint Apart = 1000;

    private static readonly Approver Ann = new(new Identity { Issuer = Identity.UnixIssuer, Subject = "ann", Groups = ["sre"] }, 1002);

    // What the rules below say of them.
    private static readonly string[] Commands = ["fine", "held", "denied"];

    private readonly List<string> _heard = [];

    // What each side could properly say next: of the client, the channels that are open to it; of the upstream, the answers that it owes.
    private readonly List<uint> _open = [];
    private readonly Queue<SshWriter> _owed = new();
    private Random _random = null!;
    private RelayedSession _session = null!;
    private MemoryApprovalStore _store = null!;
    private ApprovalRegistry _approvals = null!;
    private int _malformedOneIn;
    private int _approved;
    private uint _next;

    private static RulesConfig Rules { get; } = new()
    {
        List =
        [
            Rule("all", Verdict.Allow, new MatchConfig { AllOperations = true }),
            Rule("no", Verdict.Deny, Matching("denied")),
            Rule("careful", Verdict.Hold, Matching("held")) with
            {
                Hold = new HoldTerms([new ApproverTerms(null, ["sre"], 1)], TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(10)),
            },
        ],
    };

    [TestCase(1, 60, 400)]
    [TestCase(2, 60, 400)]
    [TestCase(3, 400, 10)]
    [TestCase(4, 400, 3)]
    [TestCase(5, 400, 1)]
    public async Task Whatever_both_sides_say_nothing_passes_that_must_not(int seed, int sessions, int malformedOneIn)
    {
        (_random, _malformedOneIn) = (new Random(seed), malformedOneIn);
        var ends = new Dictionary<SessionEnd, int>();
        for (int i = 0; i < sessions; i++)
        {
            SessionEnd end = await PlayAsync($"seed {seed}, session {i}");
            ends[end] = ends.GetValueOrDefault(end) + 1;
        }

        // Where most of it is malformed, most sessions end by it, and by that of either side.
        Assert.That(ends.GetValueOrDefault(SessionEnd.ClientBrokeProtocol), Is.GreaterThan(malformedOneIn < 10 ? sessions / 4 : 0));
        Assert.That(ends.GetValueOrDefault(SessionEnd.UpstreamBrokeProtocol), Is.GreaterThan(malformedOneIn < 10 ? sessions / 10 : -1));
    }

    private static RuleConfig Rule(string name, Verdict verdict, MatchConfig match) => new() { Name = name, Match = match, Do = verdict };

    private static MatchConfig Matching(string word) => new()
    {
        Ssh = new SshMatchConfig
        {
            Exec = [CommandPattern.Of(word)],
            Forward =
            [
                ForwardPattern.TryParse($"{word}:*", isListen: false, out ForwardPattern? to) ? to : throw new FormatException(word),
                ForwardPattern.TryParse($"{word}:*", isListen: true, out ForwardPattern? at) ? at : throw new FormatException(word),
            ],
        },
    };

    private async Task<SessionEnd> PlayAsync(string which)
    {
        _store = new MemoryApprovalStore();
        _heard.Clear();
        _open.Clear();
        _owed.Clear();
        (_approved, _next) = (0, 0);
        await using RelayedSession session = _session = await OpenAsync(
            Rules, time => _approvals = ApprovalRegistry.OpenAsync(_store, new MemoryAudit(), time, NullLogger.Instance, _ => [], person => person).Result);
        using ApprovalRegistry approvals = _approvals;
        SessionEnd end = SessionEnd.None;
        await session.OnLoopAsync(async () =>
        {
            Task[] readers = [ListenAsync(session.Client, HearAtClient), ListenAsync(session.Upstream, HearAtUpstream)];
            for (int i = 0; i < Rounds && session.End == SessionEnd.None; i++)
            {
                await StepAsync();
                await session.YieldAsync();
            }

            session.Client.Disconnect(DisconnectReason.SSH_DISCONNECT_BY_APPLICATION, "enough");
            end = await session.EndedAsync();
            session.Client.StopReceiving();
            session.Upstream.StopReceiving();
            await Task.WhenAll(readers);
        });

        Assert.That(end, Is.EqualTo(SessionEnd.ClientClosed).Or.EqualTo(SessionEnd.ClientBrokeProtocol).Or.EqualTo(SessionEnd.UpstreamBrokeProtocol), which);
        Assert.That(_heard.Where(h => h.Contains("denied", StringComparison.Ordinal)), Is.Empty, which);
        Assert.That(_heard.Count(h => h.Contains("held", StringComparison.Ordinal)), Is.AtMost(_approved), which);
        return end;
    }

    private async Task ListenAsync(SshTransport side, Action<byte[]> hear)
    {
        while (_session.End == SessionEnd.None && await ReadAsync(side) is { Length: > 0 } message)
        {
            hear(message);
        }
    }

    private void HearAtClient(byte[] message)
    {
        var reader = new SshReader(Peer.Upstream, message);
        switch ((SshMessage)reader.ReadByte())
        {
            case SshMessage.SSH_MSG_CHANNEL_OPEN_CONFIRMATION:
                _open.Add(reader.ReadUInt32());
                break;
            case SshMessage.SSH_MSG_CHANNEL_CLOSE:
                _open.Remove(reader.ReadUInt32());
                break;
        }
    }

    private void HearAtUpstream(byte[] message)
    {
        switch ((SshMessage)message[0])
        {
            // Only what asks for something: of data the gateway makes nothing.
            case SshMessage.SSH_MSG_CHANNEL_OPEN:
                uint opened = ChannelOpen.Read(Peer.Client, message).Sender;
                _heard.Add(Encoding.Latin1.GetString(message));
                _owed.Enqueue(_random.Next(5) > 0
                    ? Message(SshMessage.SSH_MSG_CHANNEL_OPEN_CONFIRMATION).UInt32(opened).UInt32(opened + Apart).UInt32(1 << 16).UInt32(1 << 15)
                    : Message(SshMessage.SSH_MSG_CHANNEL_OPEN_FAILURE).UInt32(opened).UInt32(1).String("no").String(""));
                break;
            case SshMessage.SSH_MSG_CHANNEL_REQUEST or SshMessage.SSH_MSG_GLOBAL_REQUEST:
                _heard.Add(Encoding.Latin1.GetString(message));
                Request request = Request.Read(Peer.Client, message);
                bool isYes = _random.Next(3) > 0, isGlobal = message[0] == (byte)SshMessage.SSH_MSG_GLOBAL_REQUEST;
                if (request.WantsReply)
                {
                    _owed.Enqueue(isGlobal
                        ? Message(isYes ? SshMessage.SSH_MSG_REQUEST_SUCCESS : SshMessage.SSH_MSG_REQUEST_FAILURE)
                        : Message(isYes ? SshMessage.SSH_MSG_CHANNEL_SUCCESS : SshMessage.SSH_MSG_CHANNEL_FAILURE).UInt32(request.Recipient - Apart));
                }

                break;
            case SshMessage.SSH_MSG_CHANNEL_CLOSE:
                _owed.Enqueue(Message(SshMessage.SSH_MSG_CHANNEL_CLOSE).UInt32(new SshReader(Peer.Client, message.AsSpan(1)).ReadUInt32() - Apart));
                break;
        }
    }

    private async Task StepAsync()
    {
        if (_random.Next(8) == 0 && _store.All.FirstOrDefault(a => a.State == ApprovalState.Pending) is { } pending)
        {
            _approved++;
            await _approvals.ApproveAsync(Ann, pending.Id, null, CancellationToken.None);
            await _session.Session.Loop.Switch();
            return;
        }

        bool isClient = _random.Next(3) > 0;
        byte[] message = (isClient ? OfClient() : OfUpstream()).WrittenSpan.ToArray();
        if (_random.Next(_malformedOneIn) == 0)
        {
            message = Malformed(message);
        }

        SshTransport side = isClient ? _session.Client : _session.Upstream;
        side.Send(message);
        side.StartFlush();
    }

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

    private SshWriter OfClient() => _random.Next(_open.Count == 0 ? 3 : 12) switch
    {
        0 => Open("session"),
        1 => Open("direct-tcpip").String(Word()).UInt32(80).String("::1").UInt32(1),
        2 when _random.Next(2) == 0 => Message(SshMessage.SSH_MSG_GLOBAL_REQUEST).String("keepalive@openssh.com").Boolean(_random.Next(2) == 0),
        2 => Message(SshMessage.SSH_MSG_GLOBAL_REQUEST).String("tcpip-forward").Boolean(_random.Next(2) == 0).String(Word()).UInt32(0),
        3 or 4 or 5 => Ask("exec").String(Word()),
        6 => Ask(_random.Next(4) == 0 ? "signal" : "keepalive@openssh.com").String("INT"),
        7 => ToUpstream(SshMessage.SSH_MSG_CHANNEL_WINDOW_ADJUST).UInt32((uint)_random.Next(1 << 16)),
        8 when _random.Next(4) == 0 => Close(),
        8 => ToUpstream(SshMessage.SSH_MSG_CHANNEL_EOF),
        9 => Ask("subsystem").String(_random.Next(2) == 0 ? "sftp" : "other"),
        10 when _random.Next(50) == 0 => ToUpstream(SshMessage.SSH_MSG_CHANNEL_DATA).String("data"),
        _ => Message(SshMessage.SSH_MSG_IGNORE).String("x"),
    };

    private SshWriter OfUpstream() => _random.Next(20) switch
    {
        0 => Message(SshMessage.SSH_MSG_CHANNEL_WINDOW_ADJUST).UInt32(Number()).UInt32(1),
        1 => Message(SshMessage.SSH_MSG_CHANNEL_REQUEST).UInt32(Number()).String("exit-status").Boolean(_random.Next(2) == 0).UInt32(0),
        2 => Message(SshMessage.SSH_MSG_GLOBAL_REQUEST).String("hostkeys-00@openssh.com").Boolean(false).String("key"),
        3 when _random.Next(10) == 0 => Message(SshMessage.SSH_MSG_CHANNEL_SUCCESS).UInt32(Number()),
        4 when _random.Next(10) == 0 => Message(SshMessage.SSH_MSG_CHANNEL_CLOSE).UInt32(Number()),
        _ => _owed.TryDequeue(out SshWriter? owed) ? owed : Message(SshMessage.SSH_MSG_IGNORE).String("x"),
    };
}

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
internal sealed partial class RelayFuzzTests
{
    private const int Rounds = 400;

    // The upstream's number for a channel is the client's and this.
    private const uint Apart = 1000;

    // The upstream's numbers for the channels that it opens: more than a client ever has of its own.
    private const uint FirstOfUpstream = Apart + 500;

    private static readonly Approver Ann = new(new Identity { Issuer = Identity.UnixIssuer, Subject = "ann", Groups = ["sre"] }, 1002);

    // What the rules below say of them.
    private static readonly string[] Commands = ["fine", "held", "denied"];

    // What each side hears of the other where most of what is said is well formed.
    private static readonly string[] Usual =
    [
        "session", "direct-tcpip", "direct-streamlocal@openssh.com", "exec", "subsystem", "pty-req", "env", "window-change", "x11-req", "signal",
        "tcpip-forward", "cancel-tcpip-forward", "streamlocal-forward@openssh.com", "keepalive@openssh.com", "forwarded-tcpip",
        "forwarded-streamlocal@openssh.com", "x11", "proof",
    ];

    private readonly List<string> _heard = [];

    private readonly HashSet<string> _types = [];

    // What each side could properly say next: of the client, the channels that are open to it, and what it answers to those of the upstream; of
    // the upstream, the answers that it owes.
    private readonly List<uint> _open = [];
    private readonly Queue<uint> _offered = new();
    private readonly Queue<SshWriter> _owed = new();
    private Random _random = null!;
    private RelayedSession _session = null!;
    private MemoryApprovalStore _store = null!;
    private ApprovalRegistry _approvals = null!;
    private int _malformedOneIn;
    private int _approved;
    private uint _next;
    private uint _nextOfUpstream;

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
        _types.Clear();
        var ends = new Dictionary<SessionEnd, int>();

        // Which of what is said meets a session that still goes on is the scheduler's too, not only the seed's: what is rare may need more sessions.
        for (int i = 0; i < sessions || (!HeardAll() && i < 10 * sessions); i++)
        {
            SessionEnd end = await PlayAsync($"seed {seed}, session {i}");
            ends[end] = ends.GetValueOrDefault(end) + 1;
        }

        Assert.That(_types, malformedOneIn < 100 ? Is.Not.Empty : Is.SupersetOf(Usual));
        bool HeardAll() => malformedOneIn < 100 || Usual.All(_types.Contains);

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
                Forward($"{word}:*", isListen: false), Forward($"{word}:*", isListen: true),
                Forward($"/{word}", isListen: false), Forward($"/{word}", isListen: true),
            ],
        },
    };

    private static ForwardPattern Forward(string text, bool isListen) =>
        ForwardPattern.TryParse(text, isListen, out ForwardPattern? pattern) ? pattern : throw new FormatException(text);

    private async Task<SessionEnd> PlayAsync(string which)
    {
        _store = new MemoryApprovalStore();
        _heard.Clear();
        _open.Clear();
        _offered.Clear();
        _owed.Clear();
        (_approved, _next, _nextOfUpstream) = (0, 0, FirstOfUpstream);
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

        SessionEnd[] ends = [SessionEnd.ClientClosed, SessionEnd.ClientBrokeProtocol, SessionEnd.UpstreamClosed, SessionEnd.UpstreamBrokeProtocol];
        Assert.That(ends, Does.Contain(end), which);
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
            case SshMessage.SSH_MSG_CHANNEL_OPEN:
                ChannelOpen open = ChannelOpen.Read(Peer.Upstream, message);
                _types.Add(open.Type);
                _offered.Enqueue(open.Sender);
                break;
            case SshMessage.SSH_MSG_CHANNEL_OPEN_CONFIRMATION:
                _open.Add(reader.ReadUInt32());
                break;
            case SshMessage.SSH_MSG_REQUEST_SUCCESS when reader.Remaining > 0:
                _types.Add("proof");
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
                _types.Add(ChannelOpen.Read(Peer.Client, message).Type);
                _heard.Add(Encoding.Latin1.GetString(message));
                _owed.Enqueue(_random.Next(5) > 0
                    ? Message(SshMessage.SSH_MSG_CHANNEL_OPEN_CONFIRMATION).UInt32(opened).UInt32(opened + Apart).UInt32(1 << 16).UInt32(1 << 15)
                    : Message(SshMessage.SSH_MSG_CHANNEL_OPEN_FAILURE).UInt32(opened).UInt32(1).String("no").String(""));
                break;
            case SshMessage.SSH_MSG_CHANNEL_REQUEST or SshMessage.SSH_MSG_GLOBAL_REQUEST:
                _heard.Add(Encoding.Latin1.GetString(message));
                Request request = Request.Read(Peer.Client, message);
                _types.Add(request.Type);
                bool isYes = _random.Next(3) > 0, isGlobal = message[0] == (byte)SshMessage.SSH_MSG_GLOBAL_REQUEST;
                if (request.WantsReply)
                {
                    bool asksForPort = request.Type == "tcpip-forward" && message.AsSpan(^sizeof(uint)..).IndexOfAnyExcept((byte)0) < 0;
                    _owed.Enqueue(isGlobal
                        ? !isYes ? Message(SshMessage.SSH_MSG_REQUEST_FAILURE)
                            : asksForPort ? Message(SshMessage.SSH_MSG_REQUEST_SUCCESS).UInt32(80) : Message(SshMessage.SSH_MSG_REQUEST_SUCCESS)
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
}

using System.IO.Pipelines;
using System.Runtime.ExceptionServices;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Framing;
using WireGate.Core.Sessions;
using WireGate.Core.Transport;
using WireGate.Postgres.Masking;
using WireGate.Postgres.Messages;
using WireGate.Postgres.Operations;
using WireGate.Postgres.Upstream;

namespace WireGate.Postgres.Relaying;

/// <summary>
/// Both directions of a session from its first query to its last. The first direction to end names the reason; the other is stopped,
/// and if the client stands at the beginning of a message it is told.
/// </summary>
internal sealed class SessionRelay
{
    /// <summary>How long a client that does not read may keep a session that has ended.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    private readonly Session _session;
    private readonly Connection _upstream;
    private readonly TimeProvider _time;
    private readonly Gate _gate;
    private readonly Conversation _conversation;
    private readonly SessionMasks? _masks;
    private readonly ClientHandler _clientHandler;
    private readonly UpstreamHandler _upstreamHandler;
    private readonly Relay<ClientFramer, ClientHandler> _toUpstream;
    private readonly Relay<UpstreamFramer, UpstreamHandler> _toClient;
    private bool _isDraining;

    public SessionRelay(
        Session session, Connection upstream, OperationJudge judge, ParameterStatusRelay settings, PostgresServices services,
        Func<OperationLog, SessionMasks>? masks = null)
    {
        _session = session;
        _upstream = upstream;
        _time = services.Time;
        _gate = new Gate(session);
        _conversation = new Conversation(judge);
        var log = new OperationLog(session, judge.Settings, services.Audit);
        SessionMasks? masking = _masks = masks?.Invoke(log);
        bool readsWait = session.Config.Audit.Reads == ReadAudit.Wait;
        var holds = new HeldOperations(session, judge, services.Approvals, _gate, services.Time) { Say = Say };
        _clientHandler = new ClientHandler(_conversation, log, services.Audit, holds, _gate, masking, readsWait);
        _upstreamHandler = new UpstreamHandler(_conversation, settings, _gate, masking, readsWait ? log : null) { Tell = Tell, Ready = OnReady };
        int limit = session.Config.Limits.InspectedFrame;
        _toUpstream = new Relay<ClientFramer, ClientHandler>(default, _clientHandler, limit);
        _toClient = new Relay<UpstreamFramer, UpstreamHandler>(default, _upstreamHandler, limit);
        session.ClientBytes = () => _toUpstream.Bytes;
        session.UpstreamBytes = () => _toClient.Bytes;
        // From here on, although nothing is relayed yet: the first read of a relay that was told to stop tells it.
        session.Interrupt = Interrupt;
        session.Drain = OnDrain;
    }

    private void Say(Action<PipeWriter> words) => _toClient.Say(words, _upstream.Input);

    private void Tell(Action<PipeWriter> words) => _toUpstream.Say(words, _session.Client.Input);

    /// <summary>True: the client left without a word, so that a query of its may still run at the upstream.</summary>
    public bool LeftUpstreamRunning { get; private set; }

    /// <summary>Relays until the session has ended, and says the last word to the client.</summary>
    public async ValueTask RunAsync()
    {
        try
        {
            await RelayAsync();
        }
        finally
        {
            _conversation.Close();
        }
    }

    private async ValueTask RelayAsync()
    {
        Task<RelayStop> toUpstream = _toUpstream.RunAsync(_session.Client.Input, _upstream.Output).AsTask();
        Task<RelayStop> toClient = _toClient.RunAsync(_upstream.Input, _session.Client.Output).AsTask();

        if (await Task.WhenAny(toUpstream, toClient) == toUpstream)
        {
            End(toUpstream, Peer.Client);
            if (toUpstream is { IsCompletedSuccessfully: true, Result: RelayStop.DestinationGone })
            {
                // Why the upstream takes nothing more, it may have said before.
                using ITimer grace = _time.CreateTimer(static s => ((SessionRelay)s!).StopLater(), this, Grace, Timeout.InfiniteTimeSpan);
                await Task.WhenAny(toClient);
            }

            _toClient.Stop(_upstream.Input);
            await StopAsync(toClient);
        }
        else
        {
            End(toClient, Peer.Upstream);
        }

        (_session.Interrupt, _session.Drain) = (null, null);
        _toUpstream.Stop(_session.Client.Input);
        _gate.Close();
        await StopAsync(toUpstream);
        LeftUpstreamRunning = !_clientHandler.Terminated && !_conversation.IsIdle
            && _session.End is not (SessionEnd.UpstreamClosed or SessionEnd.UpstreamBrokeProtocol);
        _conversation.Abandon();
        _masks?.Abandon();
        _clientHandler.ForgetBound();
        if (_session.End is not SessionEnd.ClientClosed && _toClient.AtFrameBoundary && !HasSpoken(toClient))
        {
            await SayFarewellAsync();
        }
    }

    private static SessionEnd ReasonOf(Task<RelayStop> ended, Peer source) => ended switch
    {
        { IsCompletedSuccessfully: true, Result: RelayStop.SourceClosed } => source == Peer.Client ? SessionEnd.ClientClosed : SessionEnd.UpstreamClosed,
        { IsCompletedSuccessfully: true, Result: RelayStop.DestinationGone } => source == Peer.Client ? SessionEnd.UpstreamClosed : SessionEnd.ClientClosed,
        { Exception.InnerException: ProtocolException { Peer: Peer.Client } } => SessionEnd.ClientBrokeProtocol,
        { Exception.InnerException: ProtocolException } => SessionEnd.UpstreamBrokeProtocol,
        { Exception.InnerException: AuditFailedException } => SessionEnd.AuditFailed,
        // A stream fails in both directions alike: who is gone shows in which one failed first.
        { Exception.InnerException: IOException or ObjectDisposedException } =>
            source == Peer.Client ? SessionEnd.ClientClosed : SessionEnd.UpstreamClosed,
        _ => SessionEnd.InternalError,
    };

    private void End(Task<RelayStop> ended, Peer source)
    {
        if (ended is { IsCompletedSuccessfully: true, Result: RelayStop.Stopped })
        {
            // Ended from outside: the reason was given with it.
            return;
        }

        SessionEnd reason = ReasonOf(ended, source);
        if (reason == SessionEnd.UpstreamClosed && _clientHandler.Terminated)
        {
            // It did as the client told it.
            reason = SessionEnd.ClientClosed;
        }

        _session.TryEnd(reason, ended.Exception?.InnerException?.Message);
        if (reason == SessionEnd.InternalError && ended.Exception is { } ours)
        {
            ExceptionDispatchInfo.Throw(ours.InnerException!);
        }
    }

    /// <summary>Wakes the direction to the client; one that cannot write any more is cut off.</summary>
    private void Interrupt()
    {
        _toClient.Stop(_upstream.Input);
        _session.SetDeadline(null);
        _ = CutOffAsync(Task.Delay(Grace, _time));

        async Task CutOffAsync(Task grace)
        {
            await grace;
            _session.Client.Abort();
        }
    }

    // The gateway stops. Nothing that is under way is lost where no transaction is open: what has gone on to the client by then is whole.
    private void OnDrain()
    {
        _isDraining = true;
        Say(_ => EndIfIdle());
    }

    private void OnReady()
    {
        if (_isDraining)
        {
            Say(_ => EndIfIdle());
        }
    }

    private void EndIfIdle()
    {
        if (_clientHandler.IsIdle && _conversation is { IsIdle: true, Status: TransactionStatus.Idle } && _session.TryEnd(SessionEnd.Shutdown))
        {
            _toClient.Stop(_upstream.Input);
            _toUpstream.Stop(_session.Client.Input);
        }
    }

    private void StopLater() => _session.Loop.Post(
        static s =>
        {
            var relay = (SessionRelay)s!;
            relay._toClient.Stop(relay._upstream.Input);
        },
        this);

    private async ValueTask StopAsync(Task<RelayStop> direction)
    {
        if (!direction.IsCompleted)
        {
            using ITimer grace = _time.CreateTimer(
                static s =>
                {
                    var relay = (SessionRelay)s!;
                    relay._session.Client.Abort();
                    relay._upstream.Abort();
                },
                this, Grace, Timeout.InfiniteTimeSpan);
            await Task.WhenAny(direction);
        }
    }

    /// <summary>The upstream has told the client why it closes; a second reason would only confuse.</summary>
    private bool HasSpoken(Task<RelayStop> toClient) =>
        _session.End == SessionEnd.UpstreamClosed && toClient.IsCompletedSuccessfully && _upstreamHandler.LastWasError;

    private async ValueTask SayFarewellAsync()
    {
        PipeWriter output = _session.Client.Output;
        string words = _session is { End: SessionEnd.OutcomeUnknown, EndDetail: { } why } ? why : Refusals.Farewell(_session.End);
        output.WriteErrorResponse(ErrorFields.Fatal(Refusals.SqlStateOf(_session.End), words));
        using ITimer grace = _time.CreateTimer(static c => ((Connection)c!).Abort(), _session.Client, Grace, Timeout.InfiniteTimeSpan);
        try
        {
            await output.FlushAsync(CancellationToken.None);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // It did not wait for the reason.
        }
    }
}

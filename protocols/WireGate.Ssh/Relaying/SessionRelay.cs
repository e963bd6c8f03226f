using System.Runtime.ExceptionServices;
using WireGate.Core.Audit;
using WireGate.Core.Framing;
using WireGate.Core.Policy.External;
using WireGate.Core.Sessions;
using WireGate.Ssh.Authentication;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Operations;
using WireGate.Ssh.Transport;

namespace WireGate.Ssh.Relaying;

/// <summary>
/// Both directions of a session from SSH_MSG_USERAUTH_SUCCESS to its last packet, packet for packet: each is opened, judged where it asks for
/// something, and sealed for the other leg. The first direction to end names the reason; the other is stopped, and the client is told.
/// </summary>
internal sealed class SessionRelay : IDisposable
{
    /// <summary>How long a side that does not read may keep a session that has ended.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    private readonly Session _session;
    private readonly SshTransport _client;
    private readonly SshTransport _upstream;
    private readonly TimeProvider _time;
    private readonly ChannelTable _table = new();
    private readonly ClientMessages _fromClient;
    private readonly UpstreamMessages _fromUpstream;
    private readonly HeldRequests _holds;
    private readonly HostKeyProof _hostKeys;
    private TaskCompletionSource? _waking;
    private bool _isUpstreamDue;
    private bool _isClientNext;
    private bool _isStopped;

    /// <param name="session">It.</param>
    /// <param name="client">The leg to the client; owned from now on.</param>
    /// <param name="upstream">The leg to the upstream; owned from now on.</param>
    /// <param name="services">What is needed of the process.</param>
    /// <param name="point">Who else is asked.</param>
    /// <param name="terms">What the client's certificate lets it do; null: it has none.</param>
    public SessionRelay(
        Session session, SshTransport client, SshTransport upstream, SshServices services, DecisionPoint point, CertificateTerms? terms = null)
    {
        (_session, _client, _upstream, _time) = (session, client, upstream, services.Time);
        var forwards = new RemoteForwards();
        ReplyQueue toClient = new(client), toUpstream = new(upstream);
        var judge = new OperationJudge(session, services, point, terms);
        _holds = new HeldRequests(session, judge);
        _hostKeys = new HostKeyProof(client, session.Loop);
        _fromClient = new ClientMessages(client, upstream, _table, forwards, toClient, toUpstream, judge, _holds, _hostKeys, session.Loop, services.Time);
        _fromUpstream = new UpstreamMessages(client, upstream, _table, forwards, toClient, toUpstream);
        session.ClientBytes = () => client.BytesRead;
        session.UpstreamBytes = () => upstream.BytesRead;
        session.Interrupt = Stop;

        // A stop waits for what people type, and for what runs of theirs: only they know when that is done.
        session.Drain = static () => { };
        client.ExchangingChanged = upstream.ExchangingChanged = Wake;
        (client.Counterpart, upstream.Counterpart) = (upstream, client);
        client.RekeyBytes = upstream.RekeyBytes = session.Config.Limits.RekeyBytes;
    }

    /// <summary>Relays until the session has ended, and says the last word to the client.</summary>
    public async ValueTask RunAsync()
    {
        using ITimer? rekeying = StartRekeying();
        _hostKeys.Announce();
        Task<RelayStop> toUpstream = PumpAsync(_client, _upstream, _fromClient.HandleAsync);
        Task<RelayStop> toClient = PumpAsync(_upstream, _client, _fromUpstream.HandleAsync);
        Task<RelayStop> first = await Task.WhenAny(toUpstream, toClient, _holds.Failed);
        End(first, first == toUpstream ? Peer.Client : Peer.Upstream);
        await DrainAsync(first, first == toUpstream ? toClient : toUpstream);
        Stop();
        using (ITimer grace = _time.CreateTimer(
            static s =>
            {
                var session = (Session)s!;
                session.Client.Abort();
                session.Upstream!.Abort();
            },
            _session, Grace, Timeout.InfiniteTimeSpan))
        {
            await Task.WhenAll(Quiet(toUpstream), Quiet(toClient));
            await _holds.EndAsync();
            (_session.Interrupt, _session.Drain) = (null, null);
            EndChannels();
            SayWhy(first.Exception?.InnerException);
            await Quiet(_client.FlushAsync().AsTask());
            await Quiet(_upstream.FlushAsync().AsTask());
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _client.Dispose();
        _upstream.Dispose();
    }

    // Of a session that says nothing, too.
    private ITimer? StartRekeying() => _session.Config.Limits.RekeyTime is { } often
        ? _time.CreateTimer(static s => ((SessionRelay)s!).RekeyLater(), this, often, often) : null;

    private void RekeyLater() => _session.Loop.Post(static s => ((SessionRelay)s!).Rekey(), this);

    // A leg had to wait for the other. In turn, for what was parked may use new keys up at once.
    private void RekeyNext()
    {
        if (_isUpstreamDue)
        {
            _isUpstreamDue = false;
            _upstream.StartRekey();
        }

        (SshTransport first, SshTransport second) = _isClientNext ? (_client, _upstream) : (_upstream, _client);
        first.RekeyIfUsedUp();
        second.RekeyIfUsedUp();
        _isClientNext = !_client.IsExchanging;
        first.StartFlush();
        second.StartFlush();
    }

    private void Rekey()
    {
        // One after the other.
        _isUpstreamDue = !_isStopped;
        if (!_isStopped)
        {
            _client.StartRekey();
            _client.StartFlush();
        }
    }

    /// <param name="cause">What ended the session; null: no exception did.</param>
    private void SayWhy(Exception? cause)
    {
        if (cause is ProtocolException fault)
        {
            (fault.Peer == Peer.Client ? _client : _upstream).Disconnect(fault);
        }
        else if (cause is HostKeyRefusedException)
        {
            _upstream.Disconnect(DisconnectReason.SSH_DISCONNECT_HOST_KEY_NOT_VERIFIABLE, "the host key is not one that is known");
        }

        _upstream.Disconnect(DisconnectReason.SSH_DISCONNECT_BY_APPLICATION, "");
        if (_session.End == SessionEnd.UpstreamClosed && _upstream.Disconnected is { } said)
        {
            _client.Disconnect((DisconnectReason)said.Reason, $"the upstream ended the session: {said.Text}");
        }
        else if (_session.End != SessionEnd.ClientClosed)
        {
            _client.Disconnect(Refusals.ReasonOf(_session.End), Refusals.Farewell(_session.End));
        }
    }

    private void EndChannels()
    {
        foreach (Channel channel in _table.All)
        {
            channel.Sftp?.End();
            // What could not be written down is not shown either.
            channel.EndOutput(isShown: _session.End != SessionEnd.AuditFailed);
        }
    }

    private async Task<RelayStop> PumpAsync(SshTransport from, SshTransport to, Func<ValueTask> handle)
    {
        while (!_isStopped)
        {
            while (from.TryNext())
            {
                if (!from.IsOwn)
                {
                    await handle();
                }
                else if (!await from.HandleAsync())
                {
                    await to.FlushAsync();
                    return RelayStop.SourceClosed;
                }

                while (to.IsFull && !from.IsExchanging && !_isStopped)
                {
                    await (_waking ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
                    await _session.Loop.Switch();
                }

                if (_isStopped)
                {
                    return RelayStop.Stopped;
                }
            }

            // What was answered here goes too, and nobody waits for whoever asked to take it.
            from.StartFlush();
            if (!await to.FlushAsync())
            {
                return RelayStop.DestinationGone;
            }

            if (!_isStopped && !await from.ReceiveAsync())
            {
                return _isStopped ? RelayStop.Stopped : RelayStop.SourceClosed;
            }
        }

        return RelayStop.Stopped;
    }

    /// <summary>Whoever takes nothing more may have said something before, which the other side gets.</summary>
    private async ValueTask DrainAsync(Task<RelayStop> ended, Task<RelayStop> other)
    {
        if (ended is not { IsCompletedSuccessfully: true, Result: RelayStop.DestinationGone })
        {
            return;
        }

        using ITimer grace = _time.CreateTimer(static s => ((SessionRelay)s!).StopLater(), this, Grace, Timeout.InfiniteTimeSpan);
        await Quiet(other);
    }

    private void StopLater() => _session.Loop.Post(static s => ((SessionRelay)s!).Stop(), this);

    private void Wake()
    {
        if (!_isStopped && !_client.IsExchanging && !_upstream.IsExchanging)
        {
            RekeyNext();
        }

        _waking?.TrySetResult();
        _waking = null;
    }

    private void Stop()
    {
        _isStopped = true;
        Wake();
        _client.StopReceiving();
        _upstream.StopReceiving();
    }

    private void End(Task<RelayStop> ended, Peer source)
    {
        (SessionEnd reason, string? detail) = ended switch
        {
            { IsCompletedSuccessfully: true, Result: RelayStop.Stopped } => (SessionEnd.None, null),
            { IsCompletedSuccessfully: true, Result: RelayStop.SourceClosed } => source == Peer.Client
                ? (SessionEnd.ClientClosed, null) : (SessionEnd.UpstreamClosed, _upstream.Disconnected?.Text),
            { IsCompletedSuccessfully: true } => (source == Peer.Client ? SessionEnd.UpstreamClosed : SessionEnd.ClientClosed, null),
            { Exception.InnerException: ProtocolException e } =>
                (e.Peer == Peer.Client ? SessionEnd.ClientBrokeProtocol : SessionEnd.UpstreamBrokeProtocol, e.Message),
            { Exception.InnerException: HostKeyRefusedException e } => (SessionEnd.UpstreamNotTrusted, e.Message),
            { Exception.InnerException: AuditFailedException e } => (SessionEnd.AuditFailed, e.Message),
            { Exception.InnerException: IOException or ObjectDisposedException } =>
                (source == Peer.Client ? SessionEnd.ClientClosed : SessionEnd.UpstreamClosed, ended.Exception.InnerException.Message),
            _ => (SessionEnd.InternalError, ended.Exception?.InnerException?.GetType().Name),
        };
        if (reason != SessionEnd.None)
        {
            _session.TryEnd(reason, detail);
        }

        if (reason == SessionEnd.InternalError && ended.Exception is { } ours)
        {
            ExceptionDispatchInfo.Throw(ours.InnerException!);
        }
    }

    // It has been named what ended the session; how the rest ends then says nothing more.
    private static async Task Quiet(Task rest) => await rest.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
}

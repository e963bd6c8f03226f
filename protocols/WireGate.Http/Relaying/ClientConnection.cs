using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using WireGate.Core.Audit;
using WireGate.Core.Framing;
using WireGate.Core.Policy;
using WireGate.Core.Policy.External;
using WireGate.Core.Policy.Facts;
using WireGate.Core.Sessions;
using WireGate.Http.Credentials;
using WireGate.Http.Forward;
using WireGate.Http.Holding;
using WireGate.Http.Http1;
using WireGate.Http.Operations;
using WireGate.Http.Upstream;

namespace WireGate.Http.Relaying;

/// <summary>
/// One client's connection: a request is read, its placeholder proven, the request judged and written down, then made with the real credential,
/// and its response passed on; then the next. In order, and one at a time: a client that sends more waits.
/// </summary>
/// <param name="session">Its session: the first request decides for whom and what. One for another ends it, and begins the next.</param>
/// <param name="services">The process.</param>
/// <param name="pool">Upstream connections of the session's loop.</param>
/// <param name="credentials">What logins say.</param>
/// <param name="troubles">Told of upstreams that cannot be reached.</param>
/// <param name="point">Asks elsewhere.</param>
/// <param name="held">What waits for people.</param>
internal sealed partial class ClientConnection(
    Session session, HttpServices services, UpstreamPool pool, LoginCredentials credentials, UpstreamTroubles troubles, DecisionPoint point,
    HeldInProcess held) : IDisposable
{
    // nginx's keepalive_timeout is 75 s, Kestrel's 130 s; Go's clients close after 90 s.
    private static readonly TimeSpan LongestIdle = TimeSpan.FromSeconds(75);

    private readonly RequestHead _head = new();
    private readonly ClientAuthorization _authorization = new(services.Placeholders, services.Admission);
    private readonly OperationLog _log = new(services.Audit);
    private ConnectionClock _clock = new(session, services.Time);
    private ExchangeClock _exchange = new(session, services.Time);
    private OperationDecider? _decider;

    /// <summary>What its requests may be for; null: whatever they name.</summary>
    public RequestScope? Scope { get; init; }

    private PipeReader Input => session.Client.Input;

    private PipeWriter Output => session.Client.Output;

    /// <summary>Serves requests until one side has enough.</summary>
    public async ValueTask RunAsync()
    {
        Count();
        try
        {
            while (await ReadHeadAsync() && await ServeAsync())
            {
                _head.Clear();
            }
        }
        catch (AuditFailedException e)
        {
            await session.Loop.Switch();
            if (session.TryEnd(SessionEnd.AuditFailed, e.Message) && !_isAnswered)
            {
                await AnswerAsync(503, "the gateway cannot write its audit log", null, isLast: true);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        session.Client.HungUp = null;
        _clock.Dispose();
        _exchange.Dispose();
        _head.Dispose();
        _response.Dispose();
        _scrubber.Dispose();
    }

    /// <returns>False: there is no other request.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> ReadHeadAsync()
    {
        _isAnswered = false;
        bool hasBegun = false;
        while (true)
        {
            if (!Input.TryRead(out ReadResult read))
            {
                if (session.Phase == SessionPhase.Relaying)
                {
                    _clock.Set(hasBegun ? session.Config.Limits.RequestHead : LongestIdle, hasBegun ? SessionEnd.HandshakeTimeout : SessionEnd.ClientClosed, isKept: hasBegun);
                }

                read = await Input.ReadAsync(CancellationToken.None);
            }

            SequencePosition consumed;
            bool isHead;
            try
            {
                isHead = _head.TryRead(read.Buffer, out consumed);
            }
            catch (ProtocolException e)
            {
                Input.AdvanceTo(read.Buffer.End);
                await BreakAsync(_head.Status, e.Message);
                return false;
            }

            bool isEmpty = read.Buffer.IsEmpty;
            Input.AdvanceTo(consumed, isHead ? consumed : read.Buffer.End);
            if (isHead)
            {
                _clock.Stop();
                return session.End == SessionEnd.None;
            }

            if (read.IsCompleted || session.End != SessionEnd.None)
            {
                session.TryEnd(session.IsOpened ? SessionEnd.ClientClosed : SessionEnd.NoSession, isEmpty ? null : "within the head of a request");
                return false;
            }

            hasBegun |= !isEmpty;
        }
    }

    /// <returns>False: the connection ends.</returns>
    private async ValueTask<bool> ServeAsync()
    {
        if (Scope?.Check(session, _head) is { } outside)
        {
            return await BreakAsync(outside.Status, outside.Problem);
        }

        if (AsksForApproval)
        {
            return await ShowApprovalAsync();
        }

        if (!session.IsOpened && Open() is { } full)
        {
            return await RefuseAsync(full);
        }

        if (Recognize() is { } claim)
        {
            return await BreakAsync(403, claim);
        }

        if (IsUnserved)
        {
            return await BreakAsync(405, "a method that this gateway does not serve");
        }

        if (!_head.Upgrade.IsEmpty && (_head.Body.Kind != BodyKind.None || _head.ContentLength > 0))
        {
            return await BreakAsync(400, "a body before an upgrade");
        }

        if (await AuthorizeAsync() is { } refusal)
        {
            return await RefuseAsync(refusal);
        }

        await LookAsync();
        _decider ??= new OperationDecider(session, point, services.Time);
        (Operation operation, Decision decision) = await _decider.DecideAsync(Describe);
        var request = (HttpOperation)operation;
        decision = PlanMasks(decision);
        if (decision.Verdict == Verdict.Hold)
        {
            return await HoldAsync(request, decision);
        }

        if (decision.Verdict != Verdict.Allow)
        {
            string reference = Reference.New();
            _log.Denied(session, _head, request, decision, reference);
            return await AnswerAsync(_isUnmaskable ? 502 : 403, Words(decision), reference, isLast: _head.Body.Kind != BodyKind.None || _head.IsLast);
        }

        AuditPosition written = _log.Allowed(session, _head, request, decision);
        bool isSafe = request.IsSafe && _head.Upgrade.IsEmpty;
        if (!isSafe)
        {
            await services.Audit.WhenDurableAsync(written, session.Loop);
        }

        return session.End == SessionEnd.None && await ExchangeAsync(written, isSafe);
    }

    /// <returns>Why it is not to be.</returns>
    private Refusal? Open()
    {
        session.IsOpened = true;
        services.Audit.Append(session.Event(AuditEventKind.SessionOpened));
        return session.Full is { } full ? new Refusal(SessionEnd.LimitReached, full, full) : null;
    }

    /// <summary>The request is for another placeholder or target: the next session begins with it.</summary>
    /// <returns>Why it cannot.</returns>
    private Refusal? Succeed()
    {
        if (session.Succeed!() is not { } next)
        {
            return new Refusal(SessionEnd.LimitReached, "too many connections that have proven nothing yet", "no room for another session on a connection");
        }

        next.Host = session.Host;
        session = next;
        _clock.Dispose();
        _clock = new ConnectionClock(next, services.Time);
        _exchange.Dispose();
        _exchange = new ExchangeClock(next, services.Time);
        _decider = null;
        _sessionApproval = null;
        Count();
        return Open();
    }

    private void Count()
    {
        long clientBytes = _clientBodies.Bytes, upstreamBytes = _upstreamBodies.Bytes;
        session.ClientBytes = () => _clientBodies.Bytes - clientBytes;
        session.UpstreamBytes = () => _upstreamBodies.Bytes - upstreamBytes;
    }

    // TRACE tells whoever asks what came, the real credential with it; CONNECT is for proxies.
    private bool IsUnserved => _head.Method.SequenceEqual("TRACE"u8) || _head.Method.SequenceEqual("CONNECT"u8);
}

using System.Runtime.CompilerServices;
using WireGate.Core.Audit;
using WireGate.Core.Framing;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using WireGate.Core.Sessions;
using WireGate.Core.Transport;
using WireGate.Http.Credentials.Bodies;
using WireGate.Http.Holding;
using WireGate.Http.Http1;

namespace WireGate.Http.Relaying;

/// <summary>
/// The life of one request: its placeholder is proven, it is judged and written down, then made with the real credential, and its response passed on.
/// Used for one after the other, on the session's loop.
/// </summary>
/// <param name="of">Whose it is.</param>
/// <param name="client">Who asks.</param>
internal sealed partial class Exchange(HttpSession of, ClientLeg client) : IDisposable
{
    private readonly ExchangeClock _clock = new(of, client);
    private readonly BodyRelay _clientBodies = new(Peer.Client, of.ClientBytes);
    private readonly BodyRelay _upstreamBodies = new(Peer.Upstream, of.UpstreamBytes);
    private readonly TrailerRelay _clientTrailers = new(Peer.Client);
    private readonly TrailerRelay _upstreamTrailers = new(Peer.Upstream);
    private HeldBody? _heldBody;
    private bool _isAnswered;

    private Session Session => of.Session;

    private RequestHead Head => client.Head;

    private HttpServices Process => of.Services.Process;

    // All of the request was read: what comes next is another.
    private bool IsRead => _heldBody is not null || Head.Body.Kind == BodyKind.None;

    // TRACE tells whoever asks what came, the real credential with it; CONNECT is for proxies.
    private bool IsUnserved => Head.Method.SequenceEqual("TRACE"u8) || Head.Method.SequenceEqual("CONNECT"u8);

    // RFC 9110 section 7.4. Who ends TLS before the gateway and speaks HTTP/2 in clear to it says for what the client asked.
    private bool IsOfOtherScheme => client.IsForSecure is { } isSecure && isSecure != (Session.Client.Tls is not null) && !(isSecure && of.IsShared);

    /// <summary>Of the request that was served last, nothing went to the upstream, and nothing was answered.</summary>
    public bool IsUntouched { get; private set; }

    /// <summary>Serves the request whose head the client's leg has.</summary>
    /// <returns>False: the client's connection ends.</returns>
    [AsyncMethodBuilder(typeof(LoopMethodBuilder<>))]
    public async ValueTask<bool> RunAsync()
    {
        try
        {
            return await ServeAsync();
        }
        catch (AuditFailedException e)
        {
            await Session.Loop.Switch();
            if (Session.TryEnd(SessionEnd.AuditFailed, e.Message) && !_isAnswered)
            {
                await AnswerAsync(503, "the gateway cannot write its audit log", null, isLast: true);
            }

            return false;
        }
        finally
        {
            EndChannels();
            Forget();
        }
    }

    /// <summary>Answers a request whose head is none.</summary>
    /// <param name="status">Its code.</param>
    /// <param name="problem">Why not.</param>
    public async ValueTask RefuseHeadAsync(int status, string problem)
    {
        try
        {
            await BreakAsync(status, problem);
        }
        finally
        {
            Forget();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _clock.Dispose();
        _response.Dispose();
        _scrubber.Dispose();
        _clientTrailers.Dispose();
        _upstreamTrailers.Dispose();
    }

    // All that is of one request and no other: the next may be another target's.
    private void Forget()
    {
        IsUntouched = !_isSent && !_isAnswered;
        _heldBody?.Dispose();
        _swapped?.Dispose();
        (_heldBody, _swapped, _field, _body, _pointers) = (null, null, null, null, default);
        (_prefix, _slot, _access, _isMisdirected) = (0, default, null, false);
        (_isKubernetes, _isLookedAt, _makesToken, _impersonation) = (false, false, null, []);
        (_request, _rules, _judged, _decision, _masks, _isUnmaskable) = (null, null, default, default, null, false);
        (_mostBody, _cutBody, _clientProblem, _payload, _approval) = (long.MaxValue, null, null, null, null);
        (_isSent, _isAnswered, _answeredWith, _isRepeated, _needsHttp11, _isStale) = (false, false, 0, false, false, false);
        _tunnelEnd = null;
    }

    [AsyncMethodBuilder(typeof(LoopMethodBuilder<>))]
    private async ValueTask<bool> ServeAsync()
    {
        if (of.Services.Scope?.Check(Session, Head) is { } outside)
        {
            return await BreakAsync(outside.Status, outside.Problem);
        }

        if (IsOfOtherScheme)
        {
            return await BreakAsync(421, "a URL of another scheme than that of the connection");
        }

        if (AsksForApproval)
        {
            return await ShowApprovalAsync();
        }

        if (!Session.IsOpened && of.Open() is { } full)
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

        bool hasBody = Head.Body.Kind != BodyKind.None;
        if (!Head.Upgrade.IsEmpty && (hasBody || Head.ContentLength > 0))
        {
            return await BreakAsync(400, "a body before an upgrade");
        }

        if (hasBody && await TakeBodyAsync() is { } taken)
        {
            return taken;
        }

        Refusal? refusal = await AuthorizeAsync();
        if (refusal is not null)
        {
            return _isMisdirected ? await DeclineAsync(421, refusal) : await RefuseAsync(refusal);
        }

        if (Session.End != SessionEnd.None || (of.IsShared && client.IsGone))
        {
            return false;
        }

        if (hasBody && IsUnseen)
        {
            return await DeclineCodingAsync();
        }

        if (hasBody && await ReadBodyAsync() is { } read)
        {
            return read;
        }

        if (hasBody && await LookAsync() is { } seen)
        {
            return seen;
        }

        if (_heldBody is { } held && _field is null && await MisplacedAsync(held.Bytes) is (PlaceholderInBody or BodyDecoder.NoRoom or DecodedGuard.Left) and { } misplaced)
        {
            return await DeclineBodyAsync(misplaced);
        }

        (HttpOperation request, Decision decision, refusal) = await DecideAsync(isRun: true);
        if (refusal is not null)
        {
            return await RefuseAsync(refusal);
        }

        decision = PlanMasks(decision);
        if (decision.Verdict == Verdict.Hold)
        {
            return await HoldAsync(request, decision);
        }

        if (decision.Verdict != Verdict.Allow)
        {
            return await DenyAsync(request, decision, status: _isUnmaskable && !IsGrpc ? 502 : 403);
        }

        AuditPosition written = of.Log.Allowed(Session, Head, request, decision);
        bool isSafe = request.IsSafe && Head.Upgrade.IsEmpty;
        if (!isSafe)
        {
            await Process.Audit.WhenDurableAsync(written, Session.Loop);
        }

        return Session.End == SessionEnd.None && await ExchangeAsync(written, isSafe);
    }
}

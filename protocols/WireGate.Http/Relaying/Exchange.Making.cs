using System.Runtime.CompilerServices;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Framing;
using WireGate.Core.Sessions;
using WireGate.Core.Transport;
using WireGate.Http.Credentials;
using WireGate.Http.Http1;
using WireGate.Http.Upstream;

namespace WireGate.Http.Relaying;

/// <content>One request made, and its response passed on.</content>
internal sealed partial class Exchange
{
    private bool _isRepeated;
    private bool _needsHttp11;
    private bool _isStale;

    // The upstream said that it takes the body, or was not waited for.
    private bool _isBodyAsked;

    /// <summary>How an exchange on one connection to the upstream went.</summary>
    private enum Exchanged
    {
        /// <summary>The client's connection ends.</summary>
        Ended = 0,

        /// <summary>It may send another request.</summary>
        Done,

        /// <summary>The upstream did not see the request, or did nothing of it, which may be made again.</summary>
        Stale,

        /// <summary>The upstream did not accept the credential, and there is another by now: the request may be made again.</summary>
        NotAccepted,
    }

    /// <returns>False: the client's connection ends.</returns>
    [AsyncMethodBuilder(typeof(LoopMethodBuilder<>))]
    private async ValueTask<bool> ExchangeAsync(AuditPosition written, bool isSafe)
    {
        if (await HashAsync() is { } ended)
        {
            return ended;
        }

        BeginRecording();

        var key = new UpstreamKey(Access.Target, Access.Login, Session.ProvenCaller.Identity);
        bool mayRefresh = _approval is null && Head.Body.Kind == BodyKind.None && Head.Upgrade.IsEmpty
            && (Head.Method.SequenceEqual("GET"u8) || Head.Method.SequenceEqual("HEAD"u8));
        bool isHttp11 = !Head.Upgrade.IsEmpty;
        while (true)
        {
            UpstreamLeg? upstream = null;
            Refusal? refusal = null;
            int? status = null;
            try
            {
                // One that waits may be closed at this moment, and what people approved is not made again: that would be used up for nothing. Of HTTP/2
                // that is so as well: a stream that the upstream did not take could be, but a connection may also be lost without a word.
                bool isFresh = _approval is not null || _isStale;
                upstream = (isFresh ? null : of.Services.Pool.Take(key, isHttp11 || _needsHttp11)) ?? await ConnectAsync(key, isHttp11 || _needsHttp11, isFresh);
            }
            catch (OperationCanceledException)
            {
                if (Session.End == SessionEnd.None)
                {
                    client.Cut(SessionEnd.ClientClosed, "before it was answered");
                }

                return false;
            }
            catch (CallerFullException e)
            {
                refusal = new Refusal(SessionEnd.LimitReached, "too many requests of yours at the same time", e.Message);
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                refusal = new Refusal(SessionEnd.UpstreamUnreachable, "the upstream cannot be reached", e.Message);
            }
            catch (TimeoutException)
            {
                status = 503;
                refusal = new Refusal(SessionEnd.UpstreamUnreachable, "the upstream takes no more requests at the moment", "all of its connections have as many streams as it takes");
            }
            catch (SecretUnavailableException e)
            {
                refusal = new Refusal(SessionEnd.CredentialUnavailable, "the credential for the upstream is not available", e.Message);
            }
            catch (ProtocolException e)
            {
                refusal = new Refusal(SessionEnd.UpstreamNotTrusted, "the upstream is not what it should be", e.Message);
            }

            Credential? credential = refusal is null ? of.Services.Credentials.Find(Shown(key.Login)) : null;
            if (refusal is null && credential is null)
            {
                (credential, refusal) = await FetchAsync(key.Login);
            }

            if (refusal is not null || Session.End != SessionEnd.None)
            {
                // Nothing was said on it.
                upstream?.Release(Reuse.Caller);
                return Session.End == SessionEnd.None && await FailAsync(refusal!, status);
            }

            switch (await ExchangeAsync(upstream!, credential!, written, isSafe, mayRefresh))
            {
                case Exchanged.Done:
                    return true;
                case Exchanged.Ended:
                    return false;
                case Exchanged.NotAccepted:
                    mayRefresh = false;
                    break;
                default:
                    break;
            }
        }
    }

    // Whoever ends the session meanwhile does not wait for an upstream that swallows everything, nor does a client that is gone: its place is another's.
    private async ValueTask<UpstreamLeg> ConnectAsync(UpstreamKey key, bool isHttp11, bool isFresh)
    {
        var ended = new CancellationTokenSource();
        client.Interrupted = ended.Cancel;

        // Never nested in the frames that the client's end is told by.
        client.Gone = () => Session.Loop.Post(static e => ((CancellationTokenSource)e!).Cancel(), ended);
        try
        {
            return client.IsGone ? throw new OperationCanceledException() : await of.Services.Pool.ConnectAsync(key, isHttp11, isFresh, Session.Config.Limits, ended.Token);
        }
        finally
        {
            client.Gone = null;
            client.Interrupted = null;
        }
    }

    [AsyncMethodBuilder(typeof(LoopMethodBuilder<>))]
    private async ValueTask<Exchanged> ExchangeAsync(
        UpstreamLeg upstream, Credential credential, AuditPosition written, bool isSafe, bool mayRefresh)
    {
        Swap(credential);
        _response.WithheldCookie = credential.CookieName;
        _scrubber.Begin(WriteRequest(
            upstream.Head, upstream.Key.Target, credential, isLast: upstream.IsHttp11 && ReuseRules.IsLast(upstream.Key.Target.Reuse, SentBody)));

        // A client that is gone wants no answer: nginx ends the request then, too.
        client.Gone = upstream.Aborting;
        client.Interrupted = upstream.Aborting;
        bool isWhole = false;
        _isSent = true;
        Task<BodyEnd> sending = OwnLength is null && Head.Body.Kind == BodyKind.None ? SendHead(upstream, credential) : SendAsync(upstream, credential);
        _clock.Begin(upstream, _clientBodies, _upstreamBodies, Head.ExpectsContinue, isCounted: Head.Body.Kind == BodyKind.Counted);
        try
        {
            bool isThere = false;
            try
            {
                isThere = await ReadResponseAsync(upstream);
            }
            catch (ProtocolException e)
            {
                // Its connection says nothing any more that could be believed.
                BodyEnd unsent = await StopAsync(upstream, sending);
                return unsent is BodyEnd.TooLong or BodyEnd.Misplaced
                    ? await FinishUnansweredAsync(unsent, mayRepeat: false, reset: null)
                    : await FailAsync(new Refusal(SessionEnd.UpstreamBrokeProtocol, "the upstream's answer is no HTTP", e.Message)) ? Exchanged.Done : Exchanged.Ended;
            }

            // Idle connections are closed so, and that was on its way when the request came: browsers and Go take it for a lost one, too.
            bool isLost = isThere && _response is { Code: 408, IsLast: true } && MayRepeat(upstream);
            if (!isThere || isLost)
            {
                bool mayRepeat = isLost || (!_clock.IsLate && MayRepeat(upstream));
                BodyEnd unsent = await StopAsync(upstream, sending);
                return await FinishUnansweredAsync(unsent, mayRepeat, upstream.Reset);
            }

            _answeredWith = _response.Code;
            _clock.Answered();
            if (_response.Code == 401 && mayRefresh && await TryRefreshAsync(upstream.Key.Login, credential))
            {
                await StopAsync(upstream, sending);
                return Session.End == SessionEnd.None ? Exchanged.NotAccepted : Exchanged.Ended;
            }

            if (isSafe && Session.Config.Audit.Reads == ReadAudit.Wait)
            {
                try
                {
                    await Process.Audit.WhenDurableAsync(written, Session.Loop);
                }
                catch (AuditFailedException)
                {
                    // Nobody else reads from the client once the gateway answers for itself.
                    await Session.Loop.Switch();
                    await StopAsync(upstream, sending);
                    throw;
                }
            }

            if (!JudgeResponse())
            {
                await StopAsync(upstream, sending);
                return await WithholdAsync() ? Exchanged.Done : Exchanged.Ended;
            }

            if (_response.Code == 101 && BeginChannels() is { } unrecordable)
            {
                await StopAsync(upstream, sending);
                return await FailAsync(new Refusal(SessionEnd.UpstreamBrokeProtocol, unrecordable, unrecordable)) ? Exchanged.Done : Exchanged.Ended;
            }

            if (_response.Code == 101)
            {
                of.Answers.Add(_response.Code);
                await TunnelAsync(upstream);
                return Exchanged.Ended;
            }

            if (!BeginMask(out string? unmaskable) && await HasBodyAsync(upstream))
            {
                await StopAsync(upstream, sending);
                return await WithholdAsync(unmaskable) ? Exchanged.Done : Exchanged.Ended;
            }

            bool isText = upstream.Key.Target.Scrub == ScrubbedBodies.All || ContentTypes.MayBeText(_response);
            if (isText && ContentTypes.IsGrpc(_response))
            {
                _scrubber.ReadMessages();
            }

            if (isText && UnsearchableAnswer() is { } unsearchable)
            {
                await StopAsync(upstream, sending);
                return await FailAsync(unsearchable) ? Exchanged.Done : Exchanged.Ended;
            }

            BodyEnd? sent = sending.IsCompleted ? await sending : null;
            BodySink sink = BeginAnswer(upstream.Key.Target, isRead: sent == BodyEnd.Complete);
            BodyEnd received = await ReceiveAsync(upstream, sink, isText ? _scrubber : null);
            isWhole = sent == BodyEnd.Complete && received == BodyEnd.Complete;
            if (sent is null)
            {
                await StopAsync(upstream, sending);
            }

            if (received != BodyEnd.Complete || _clientProblem is not null)
            {
                CutWithin(received, upstream.Reset);
                return Exchanged.Ended;
            }

            return await client.EndAsync() ? Exchanged.Done : Exchanged.Ended;
        }
        finally
        {
            _clock.End();
            client.Gone = null;
            client.Interrupted = null;
            EndMask();
            bool isBound = credential.BindsConnection || _response.BindsConnection;
            upstream.Release(
                !isWhole ? Reuse.Nobody : isBound ? Reuse.Leaving : ReuseRules.After(upstream.Key.Target.Reuse, SentBody, _isBodyAsked, _response));
            _response.Clear();
        }
    }
}

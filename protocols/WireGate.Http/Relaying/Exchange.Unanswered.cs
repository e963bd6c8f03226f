using WireGate.Core.Sessions;
using WireGate.Http.Http1;
using WireGate.Http.Http2;
using WireGate.Http.Upstream;

namespace WireGate.Http.Relaying;

/// <content>A request that was sent, and not answered.</content>
internal sealed partial class Exchange
{
    private async ValueTask<BodyEnd> StopAsync(UpstreamLeg upstream, Task<BodyEnd> sending)
    {
        if (!sending.IsCompleted)
        {
            _clientBodies.Stop(client.Body.Input);
            upstream.Abort();
        }

        return await sending;
    }

    // What people approved is made once, whatever an upstream says that it did with it.
    private bool MayRepeat(UpstreamLeg upstream)
    {
        if (_approval is not null)
        {
            return false;
        }

        if ((upstream.IsUnprocessed || upstream.NeedsHttp11) && IsRead && !_isRepeated)
        {
            (_isRepeated, _needsHttp11) = (true, upstream.NeedsHttp11);
            return true;
        }

        // Once (RFC 9110 section 9.2.2), and on a connection that is new: an upstream that loses those that waited loses the next of them as well.
        bool isStale = upstream.IsReused && upstream.Reset is null && Head.Body.Kind == BodyKind.None && IsIdempotent && !_isStale;
        _isStale |= isStale;
        return isStale;
    }

    private async ValueTask<Exchanged> FinishUnansweredAsync(BodyEnd sent, bool mayRepeat, ErrorCode? reset)
    {
        if (Session.End != SessionEnd.None)
        {
            return Exchanged.Ended;
        }

        if (_cutBody is { } reference)
        {
            return await AnswerAsync(413, GrownTooLong, reference) ? Exchanged.Done : Exchanged.Ended;
        }

        if (_clientProblem is { } problem)
        {
            await DeclineBodyAsync(problem);
            return Exchanged.Ended;
        }

        if (sent == BodyEnd.SourceClosed || client.IsGone)
        {
            client.Cut(SessionEnd.ClientClosed, "before it was answered");
            return Exchanged.Ended;
        }

        if (_clock.IsLate)
        {
            var late = new Refusal(SessionEnd.UpstreamClosed, "the upstream did not answer in time", "the upstream did not begin its answer in time");
            return await FailAsync(late, status: 504) ? Exchanged.Done : Exchanged.Ended;
        }

        if (mayRepeat)
        {
            return Exchanged.Stale;
        }

        const string Closed = "the upstream closed before it answered";
        var refusal = new Refusal(SessionEnd.UpstreamClosed, Closed, reset is { } code ? $"the upstream ended the stream before it answered: {code}" : Closed);
        if (reset is { } told && client.TryReset(told))
        {
            _isAnswered = true;
            of.Decline(refusal);
            return Exchanged.Done;
        }

        return await FailAsync(refusal) ? Exchanged.Done : Exchanged.Ended;
    }
}

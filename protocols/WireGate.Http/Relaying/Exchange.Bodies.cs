using WireGate.Core.Framing;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using WireGate.Core.Sessions;
using WireGate.Http.Holding;
using WireGate.Http.Http1;

namespace WireGate.Http.Relaying;

/// <content>Bodies that rules look at.</content>
internal sealed partial class Exchange
{
    // More than that is parsed or hashed elsewhere, once it is its turn.
    private const int DoneHere = 64 * 1024;

    // Of the body, while nobody knows how long it is: the rules were asked about one of so many bytes at most, and it is cut there.
    private long _mostBody = long.MaxValue;
    private HttpBody? _body;
    private JsonPointers? _pointers;

    // What the client is told of a body that was cut; null: it was not.
    private string? _cutBody;

    /// <summary>
    /// Judges the request by its head, and reads its body if it hangs on that what the rules say. One of a length that nobody knows yet is judged as
    /// the longest that they do not deny.
    /// </summary>
    /// <returns>What the exchange ends with; null: it goes on.</returns>
    private async ValueTask<bool?> ReadBodyAsync()
    {
        of.Decider.Refresh();
        if (!IsRenewed && Renew() is { } refusal)
        {
            return await RefuseAsync(refusal);
        }

        SessionRules rules = of.Decider.Rules;
        if (rules.HttpBodyPointers.IsEmpty && rules.HttpBodySizes.IsEmpty)
        {
            return null;
        }

        if (_heldBody is not null)
        {
            await ParseAsync(rules.HttpBodyPointers);
            return null;
        }

        bool isOfAnyLength = Head.Body.Kind != BodyKind.Counted;
        HttpOperation request = Describe(rules);
        Decision decision = rules.JudgeHead(request, Process.Time.GetUtcNow());
        for (int i = 0; isOfAnyLength && decision.Verdict == Verdict.Deny && i < rules.HttpBodySizes.Length; i++)
        {
            _mostBody = rules.HttpBodySizes[i];
            request = Describe(rules);
            decision = rules.JudgeHead(request, Process.Time.GetUtcNow());
        }

        if (decision.Verdict == Verdict.Deny)
        {
            return await DenyAsync(request, decision);
        }

        // What is held only if it is long is read to know whether it is.
        bool isAsked = rules.AsksForBody(request) || (isOfAnyLength && decision.Verdict == Verdict.Hold && !rules.HttpBodySizes.IsEmpty);
        int most = Math.Min(HeldBody.Most, Session.Config.Limits.InspectedFrame);
        if (!isAsked || Head.Body.Count > most)
        {
            return null;
        }

        HeldBodyEnd end;
        try
        {
            end = await CollectAsync(most, Head.ExpectsContinue, LongestBody);
            Head.Asked();
        }
        catch (ProtocolException e)
        {
            return await BreakAsync(400, e.Message);
        }

        switch (end)
        {
            case HeldBodyEnd.TooLong:
                string why = $"its body is longer than {most} bytes, and rules have to look at all of it";
                return await DenyAsync(request, decision with { Verdict = Verdict.Deny, Rule = null, Reason = why }, status: 413);
            case HeldBodyEnd.NoRoom:
                return await AnswerAsync(503, "rules have to look at its body, and too much waits already: try again later", null);
            case HeldBodyEnd.SourceClosed:
                client.Cut(SessionEnd.ClientClosed, "within the body of a request");
                return false;
            default:
                await ParseAsync(rules.HttpBodyPointers);
                return null;
        }
    }

    /// <summary>What of the body rules get to see.</summary>
    private HttpBody BodyFor(SessionRules rules)
    {
        if (Head.Body.Kind == BodyKind.None)
        {
            return HttpBody.None;
        }

        if (rules.HttpBodyPointers.IsEmpty && rules.HttpBodySizes.IsEmpty && rules.External is null)
        {
            return HttpBody.Unknown;
        }

        if (_heldBody is not { } held)
        {
            return HttpBody.Unread(Head.Body.Kind == BodyKind.Counted ? Head.Body.Count : _mostBody);
        }

        if (_body is null || _pointers != rules.HttpBodyPointers)
        {
            (_body, _pointers) = (Parse(held.Bytes, rules.HttpBodyPointers), rules.HttpBodyPointers);
        }

        return _body;
    }

    private async ValueTask ParseAsync(JsonPointers pointers)
    {
        ReadOnlyMemory<byte> bytes = _heldBody!.Bytes;
        _body = await InTurnAsync(pointers.IsEmpty ? 0 : bytes.Length, () => Parse(bytes, pointers));
        _pointers = pointers;
    }

    // What is done with all of a body: at once with a short one, else when it is the caller's turn. Continues on the loop.
    private async ValueTask<T> InTurnAsync<T>(int length, Func<T> work)
    {
        try
        {
            return length <= DoneHere ? work() : await of.Services.Held.Turns.TakeAsync(Session.ProvenCaller.Identity, work);
        }
        finally
        {
            await Session.Loop.Switch();
        }
    }

    private HttpBody Parse(ReadOnlyMemory<byte> bytes, JsonPointers pointers) =>
        pointers.IsEmpty ? HttpBody.Unread(bytes.Length)
        : _field is not null ? HttpBody.Unread(bytes.Length, "it has the placeholder")
        : !JsonBody.Is(Head) ? HttpBody.Unread(bytes.Length, "it does not say that it is JSON in UTF-8, once and not compressed")
        : HttpBody.OfJson(bytes, pointers);

    /// <summary>The body has grown longer than the rules were asked about.</summary>
    private void CutBody()
    {
        _cutBody = Reference.New();
        of.Log.Cut(Session, Head, _request!, _decision with { Verdict = Verdict.Deny, Rule = null, Reason = GrownTooLong }, _cutBody);
    }

    private string GrownTooLong => $"its body is longer than {_mostBody} bytes, which is all that the rules allow: a part of it was sent";

    private ValueTask<bool> DenyAsync(HttpOperation request, in Decision decision, int status = 403)
    {
        string reference = Reference.New();
        of.Log.Denied(Session, Head, request, decision, reference);
        return AnswerAsync(status, Words(decision), reference);
    }
}

using System.Text;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using WireGate.Core.Sessions;
using WireGate.Http.Http1;

namespace WireGate.Http.Relaying;

/// <content>Responses, as rules see them: by then the request was made, and they say what the client gets to see of it.</content>
internal sealed partial class Exchange
{
    // What was asked, the rules that judged it, when, and what they said.
    private HttpOperation? _request;
    private SessionRules? _rules;
    private DateTimeOffset _judged;
    private Decision _decision;

    /// <summary>Judges the response by its head, by the rules that have let the request be made.</summary>
    /// <returns>False: nothing of it passes, and <see cref="_decision"/> says why.</returns>
    private bool JudgeResponse()
    {
        if (_rules is not { AsksForResponses: true } rules)
        {
            return true;
        }

        HttpOperation answered = _request! with { Response = FactsOf(_response) };
        Decision decision = rules.JudgeHere(answered, _judged, isRun: false);
        bool isNew = decision.Observed.AsSpan().ContainsAnyExcept(_decision.Observed.AsSpan());
        (_request, _decision) = (answered, decision);
        if (decision.Verdict == Verdict.Deny)
        {
            return false;
        }

        if (isNew)
        {
            of.Log.Answered(Session, Head, answered, decision, null);
        }

        _masks = Process.Masks.Of(decision.Masks);
        return true;
    }

    /// <summary>The rules do not let the response pass: what was asked is done all the same.</summary>
    /// <returns>False: the client's connection ends.</returns>
    private ValueTask<bool> WithholdAsync()
    {
        string reference = Reference.New();
        of.Log.Answered(Session, Head, _request!, _decision, reference);
        return AnswerAsync(403, $"the request was made, and its answer is withheld, {Words(_decision)}", reference);
    }

    private static HttpResponse FactsOf(ResponseHead head)
    {
        string? type = null;
        int count = 0;
        bool isPlain = false;
        foreach (ref readonly FieldLine field in head.Fields)
        {
            if (field.Name == FieldName.ContentType)
            {
                count++;
                type = Encoding.Latin1.GetString(ContentTypes.TypeOf(head.Value(field))).ToLowerInvariant();
                isPlain = ContentTypes.IsPlain(head.Value(field));
            }
        }

        // A list of two, or a type without its half: readers do not agree what they have. What several ranges of something are in does not say what it is.
        bool isType = isPlain && !type!.StartsWith("multipart/", StringComparison.Ordinal);
        return new HttpResponse(head.Code, type, HasBody: head.Body.Kind != BodyKind.None) { IsAmbiguous = count > 1 || (count == 1 && !isType) };
    }
}

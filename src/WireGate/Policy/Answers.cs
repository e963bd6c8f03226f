using System.Text.Json.Nodes;
using WireGate.Commands;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;

namespace WireGate.Policy;

/// <summary>How decisions and facts are shown, to people and to machines.</summary>
internal static class Answers
{
    /// <summary>allow, hold or deny.</summary>
    public static string Word(Verdict verdict) => verdict.ToString().ToLowerInvariant();

    /// <summary>The effects of a set, in their order.</summary>
    public static IEnumerable<string> Words(SqlEffects effects) => Enum.GetValues<SqlEffects>()
        .Where(e => e != SqlEffects.None && effects.HasFlag(e)).Select(e => e.ToString().ToLowerInvariant());

    /// <param name="answer">What is shown.</param>
    /// <param name="asksElsewhere">Whether <c>rules.external</c> would be asked as well, which nobody does here.</param>
    /// <param name="output">Where to.</param>
    public static void Write(PolicyAnswer answer, bool asksElsewhere, TextWriter output)
    {
        Decision decision = answer.Decision;
        output.WriteLine($"decision  {Word(decision.Verdict)}");
        output.WriteLine($"rule      {decision.Rule ?? "- (the default)"}");
        output.WriteLine($"why       {decision.Reason ?? $"rule {decision.Rule} says so"}");
        if (decision.Near is { } near)
        {
            output.WriteLine($"near      {Printable.Escape(near)}");
        }

        output.WriteLine($"grant     {answer.Grant ?? "-"}{(answer.Login is { } login ? $", login {login}" : "")}");
        if (decision.Hold is { } hold)
        {
            output.WriteLine($"approval  {string.Join(" and ", hold.Approvers.Select(Describe))}, within {Duration.Format(hold.Within)}{(answer.Ssh is null && answer.Http is null ? $", {Duration.Format(hold.InTransaction)} in a transaction" : "")}");
        }

        if (!decision.Masks.IsEmpty)
        {
            output.WriteLine($"masks     {decision.Masks}");
        }

        foreach (string observed in decision.Observed)
        {
            output.WriteLine($"observed  {observed}");
        }

        foreach (string note in Notes(answer, asksElsewhere))
        {
            output.WriteLine($"note      {note}");
        }

        if (answer.Ssh is { } ssh)
        {
            output.WriteLine($"operation {Printable.Escape(SshQuestions.Describe(ssh))}");
            if (ssh is SshExec { Command: not null, Words.IsEmpty: true })
            {
                output.WriteLine("          what a shell takes it apart into cannot be told:");
                output.WriteLine("          no argv and no copy of an allow covers it, and each of a deny or hold touches it");
            }

            if (SshQuestions.DescribeCopy(ssh) is { } copy)
            {
                output.WriteLine($"          {Printable.Escape(copy)}");
            }

            if (ssh.Unknown is { } unknown)
            {
                output.WriteLine($"          unknown: {unknown}");
            }
        }

        if (answer.Http is { } http)
        {
            output.WriteLine($"operation {Printable.Escape(HttpQuestions.Describe(http))}");
            if (http.Unknown is { } why)
            {
                output.WriteLine($"          unknown: {why}; no rule that names requests allows it");
            }

            if (http.Body is { Problem: { } unread, Most: > 0 })
            {
                output.WriteLine($"          its body: {unread}; no member of it allows it, and each of a deny or hold touches it");
            }

            if (http.Response is { } response)
            {
                output.WriteLine($"answer    {Printable.Escape(HttpQuestions.Describe(response))}: the request is made by then, and only what the client gets is decided");
            }
        }

        foreach (SqlStatementFacts facts in answer.Facts.Statements)
        {
            output.WriteLine($"statement {string.Join(", ", facts.Kinds)}");
            foreach (SqlAccess access in facts.Accesses)
            {
                output.WriteLine($"          {Word(access)}");
            }

            if (facts.UnknownFunctions.Length > 0)
            {
                output.WriteLine($"          unknown: {string.Join(", ", facts.UnknownFunctions.Select(f => $"{f}()"))}");
            }

            if (facts.Unknown is { } why)
            {
                output.WriteLine($"          unknown: {why}");
            }
        }
    }

    /// <param name="answer">What is shown.</param>
    /// <param name="asksElsewhere">As above.</param>
    public static JsonObject ToJson(PolicyAnswer answer, bool asksElsewhere) => new()
    {
        ["decision"] = Word(answer.Decision.Verdict),
        ["rule"] = answer.Decision.Rule,
        ["reason"] = answer.Decision.Reason,
        ["near"] = answer.Decision.Near,
        ["grant"] = answer.Grant,
        ["login"] = answer.Login,
        ["approvers"] = answer.Decision.Hold is { } hold ? new JsonArray([.. hold.Approvers.Select(a => JsonValue.Create(Describe(a)))]) : null,
        ["masks"] = new JsonArray([.. answer.Decision.Masks.Masks.Select(m => JsonValue.Create(m.Name))]),
        ["observed"] = new JsonArray([.. answer.Decision.Observed.Select(o => JsonValue.Create(o))]),
        ["notes"] = new JsonArray([.. Notes(answer, asksElsewhere).Select(n => JsonValue.Create(n))]),
        ["config"] = answer.Decision.Config,
        ["statements"] = new JsonArray([.. answer.Facts.Statements.Select(s => new JsonObject
        {
            ["kinds"] = new JsonArray([.. s.Kinds.Select(k => JsonValue.Create(k))]),
            ["accesses"] = new JsonArray([.. s.Accesses.Select(a => JsonValue.Create(Word(a)))]),
            ["functions"] = new JsonArray([.. s.Functions.Select(f => JsonValue.Create(f.ToString()))]),
            ["unknownFunctions"] = new JsonArray([.. s.UnknownFunctions.Select(f => JsonValue.Create(f.ToString()))]),
            ["unknown"] = s.Unknown,
        })]),
        ["operation"] = answer.Ssh is { } ssh
            ? new JsonObject
            {
                ["what"] = SshQuestions.Describe(ssh),
                ["argv"] = ssh is SshExec { Words: { IsEmpty: false } words } ? new JsonArray([.. words.Select(w => JsonValue.Create(w))]) : null,
                ["copy"] = ssh is SshExec { Copy: { } copy }
                    ? new JsonObject
                    {
                        ["with"] = CopyWords.Of(copy.Program),
                        ["operations"] = new JsonArray([.. CopyWords.Of(copy.Actions).Select(a => JsonValue.Create(a))]),
                        ["paths"] = new JsonArray([.. copy.Paths.Select(p => JsonValue.Create(p.ToString()))]),
                    }
                    : null,
                ["unknown"] = ssh.Unknown,
            }
            : answer.Http is { } http ? new JsonObject
            {
                ["what"] = HttpQuestions.Describe(http),
                ["unknown"] = http.Unknown,
                ["response"] = http.Response is { } response ? HttpQuestions.Describe(response) : null,
            }
            : null,
    };

    // What a session knows and this does not, where it could still refuse.
    private static IEnumerable<string> Notes(PolicyAnswer answer, bool asksElsewhere)
    {
        if (answer.Decision.Verdict == Verdict.Deny)
        {
            yield break;
        }

        if (answer.SessionHold is { } hold)
        {
            yield return $"the session itself waits first, for the yes of {string.Join(" and ", hold.Approvers.Select(Describe))}: grant {answer.Grant} holds it";
        }

        if (answer.Facts.Statements.Any(s => s.Kinds.Any(k => k is "execute" or "fetch")))
        {
            yield return "EXECUTE and FETCH are judged as what their name stands for, which only a session knows";
        }

        if (!answer.Decision.Masks.IsEmpty)
        {
            yield return answer.Http is null
                ? "masks may refuse it: which columns they hide is in the target's catalog, which is not asked here"
                : "masks may refuse the answer: what is neither JSON nor text cannot be looked through";
        }

        if (asksElsewhere)
        {
            yield return "rules.external is asked as well, and may be stricter";
        }
    }

    private static string Word(SqlAccess access) =>
        $"{access.Effect.ToString().ToLowerInvariant()}{(access.Relation is { } relation ? $" {relation}" : "")}";

    private static string Describe(ApproverTerms terms) =>
        $"{terms.Count} of {(terms.Groups.IsEmpty ? terms.Issuer ?? "anybody" : string.Join(" or ", terms.Groups))}";
}

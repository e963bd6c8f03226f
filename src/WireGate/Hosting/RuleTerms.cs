using WireGate.Core.Approvals;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using WireGate.Core.Sessions;
using WireGate.Http.Holding;
using WireGate.Postgres;

namespace WireGate.Hosting;

/// <summary>
/// Asks the rules about a text that somebody will run. Nobody is connected yet, so the groups are those of the subject's placeholders
/// that may be presented now, and names mean what they mean in a fresh session.
/// </summary>
internal sealed class RuleTerms(IPlaceholderRegistry placeholders, TimeProvider time) : IBeforehandTerms
{
    private static readonly SqlSearchPath Fresh = SqlSearchPath.Of("public");

    /// <inheritdoc/>
    public BeforehandAnswer Judge(GatewayConfig config, TargetConfig target, string database, string? login, string subject, ReadOnlyMemory<byte> sql)
    {
        SqlOperation operation = PostgresSql.OperationOf(sql.Span, Fresh);
        return Judge(config, target, database, login, subject, (_, _) => operation, (terms, _) => terms);
    }

    /// <inheritdoc/>
    public BeforehandAnswer JudgeRequest(GatewayConfig config, TargetConfig target, string? login, string subject, ReadOnlyMemory<byte> request)
    {
        if (!BeforehandRequest.TryRead(config, target, request.Span, out BeforehandRequest? asked, out string? problem))
        {
            return BeforehandAnswer.Refused($"the request is none that can be asked about: {problem}");
        }

        using (asked)
        {
            BeforehandAnswer answer = Judge(
                config, target, null, login, subject, asked.Describe, (terms, masks) => target.TryGetLogin(terms.Login, out LoginConfig? used) && asked.ProblemFor(used) is null
                    ? terms with { Text = asked.TextFor(terms.Requester, target, used, masks) } : terms);
            return answer is not { IsHeld: true, Terms.Text: null } ? answer : BeforehandAnswer.Refused(
                target.TryGetLogin(answer.Terms.Login, out LoginConfig? held) && asked.ProblemFor(held) is { } why
                    ? $"nobody could know it again: {why}" : $"it cannot be shown to people in full: its head has more than {ApprovalDisplay.MaxBytes} bytes");
        }
    }

    private BeforehandAnswer Judge(
        GatewayConfig config, TargetConfig target, string? database, string? login, string subject, Func<SessionRules, LoginConfig, Operation> describe,
        Func<BeforehandTerms, MaskSet, BeforehandTerms> complete)
    {
        // A book of its own: to ask must not use up what the rules' limits leave to those who run something.
        RuleBook book = RuleBook.Compile(config);
        BeforehandTerms? held = null;
        string? refusal = null;
        foreach (Identity identity in IdentitiesOf(subject))
        {
            if (GrantFor(config, identity, target, login) is not { } grant)
            {
                continue;
            }

            string actual = grant.Login ?? target.Logins[0].Name;
            SessionRules rules = book.For(FactsOf(identity, target, database, actual, grant));
            Decision decision = rules.JudgeHere(describe(rules, target.Logins.First(l => l.Name == actual)), time.GetUtcNow());
            if (decision is { Verdict: Verdict.Hold, Hold: { } terms })
            {
                held = held is null || held.Login != actual
                    ? held ?? complete(new BeforehandTerms(identity, actual, decision.Rule, terms), decision.Masks)
                    : held with { Terms = held.Terms.And(terms) };
            }

            refusal ??= decision.Verdict switch
            {
                Verdict.Allow => $"it needs no approval: rule \"{decision.Rule ?? "default"}\" lets it pass",
                Verdict.Deny => $"no approval would help: {(decision.Rule is { } rule ? $"rule \"{rule}\" denies it" : "it is denied")}{(decision.Reason is { } why ? $": {why}" : "")}",
                _ => null,
            };
        }

        if (login is not null && !target.TryGetLogin(login, out _))
        {
            refusal = $"target {target.Name} has no login {login}, it has {string.Join(", ", target.Logins.Select(l => l.Name))}";
        }

        return held is not null
            ? BeforehandAnswer.Held(held)
            : BeforehandAnswer.Refused(refusal ?? $"no grant opens {target.Name}{(login is null ? "" : $" as {login}")} to {subject}: mint the placeholder first, it says the groups");
    }

    /// <summary>Who the subject may come as; without any placeholder, somebody local without groups.</summary>
    private Identity[] IdentitiesOf(string subject)
    {
        DateTimeOffset now = time.GetUtcNow();
        Identity[] known =
        [
            .. placeholders.List()
                .Where(p => p.Identity.Subject == subject && p.Revoked is null && p.Expires > now)
                .Select(p => p.Identity)
                .DistinctBy(i => (i.Issuer, string.Join('\n', i.Groups.Order(StringComparer.Ordinal)))),
        ];
        return known.Length > 0 ? known : [new Identity { Issuer = Identity.LocalIssuer, Subject = subject }];
    }

    /// <summary>As sessions choose: the least login that a grant gives.</summary>
    private static GrantConfig? GrantFor(GatewayConfig config, Identity identity, TargetConfig target, string? login)
    {
        GrantConfig[] grants = [.. Grants.Serving(config, identity, target, login)];
        return target.Logins
            .Select(l => Array.Find(grants, g => (g.Login ?? target.Logins[0].Name) == l.Name))
            .FirstOrDefault(g => g is not null);
    }

    private static SessionFacts FactsOf(Identity identity, TargetConfig target, string? database, string login, GrantConfig grant) => new()
    {
        Identity = identity,
        Target = target,
        Login = login,
        Grant = grant.Name,
        Database = database,
        IsTls = true,
    };
}

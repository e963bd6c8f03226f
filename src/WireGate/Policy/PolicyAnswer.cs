using System.Text;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using WireGate.Postgres;

namespace WireGate.Policy;

/// <summary>What a config says to a question.</summary>
/// <param name="Decision">The decision; a denial without a rule if no grant serves.</param>
/// <param name="Grant">What opens the session; null: nothing does.</param>
/// <param name="Login">The login it would be; null: none.</param>
/// <param name="Facts">What the statement was taken for; empty if no grant serves.</param>
internal sealed record PolicyAnswer(Decision Decision, string? Grant, string? Login, SqlFacts Facts)
{
    /// <summary>Who has to approve the session before anything is asked in it; null: nobody.</summary>
    public HoldTerms? SessionHold { get; init; }

    /// <summary>The operation of SSH that was asked about; null: it was none, or no grant serves.</summary>
    public SshOperation? Ssh { get; init; }

    /// <summary>The request of HTTP that was asked about; null: it was none, or no grant serves.</summary>
    public HttpOperation? Http { get; init; }

    private static readonly SqlFacts Nothing = new([]);

    /// <summary>Asks a config.</summary>
    /// <exception cref="PolicyException">The question names what the config does not have.</exception>
    public static PolicyAnswer Of(GatewayConfig config, PolicyQuestion question) => Of(config, config.RuleBook, question);

    /// <summary>The names of the rules that say anything to a question: a verdict, a mask, a limit, or what they would have said.</summary>
    public static IEnumerable<string> Touched(GatewayConfig config, PolicyQuestion question)
    {
        foreach (RuleConfig rule in config.Rules.List)
        {
            // Alone, and without what is spared: what a rule says by itself is whether it matches.
            GatewayConfig alone = config with { Rules = new RulesConfig { List = [Speaking(rule)], DeniesCredentialMinting = false } };
            Decision decision = Of(alone, RuleBook.Compile(alone), question).Decision;
            if (decision.Rule == rule.Name)
            {
                yield return rule.Name;
            }
        }
    }

    private static RuleConfig Speaking(RuleConfig rule) => rule with
    {
        IsObserved = false,
        Do = rule.Do ?? (rule.Unmask.IsEmpty ? Verdict.Deny : Verdict.Allow),
        Limit = null,
    };

    private static PolicyAnswer Of(GatewayConfig config, RuleBook book, PolicyQuestion question)
    {
        if (!config.Targets.TryGetValue(question.Target, out TargetConfig? target))
        {
            throw new PolicyException($"there is no target {question.Target}");
        }

        if (question.Login is { } asked && !target.TryGetLogin(asked, out _))
        {
            throw new PolicyException($"target {question.Target} has no login {asked}");
        }

        GrantConfig[] grants = [.. Grants.Serving(config, question.Identity, target, question.Login).Where(g => question.Grant is null || g.Name == question.Grant)];
        (GrantConfig Grant, string Login)? least = target.Logins
            .SelectMany(login => grants.Where(g => (g.Login ?? target.Logins[0].Name) == login.Name).Select(g => ((GrantConfig, string)?)(g, login.Name)))
            .FirstOrDefault();
        if (least is not { } access)
        {
            return new PolicyAnswer(
                new Decision { Reason = $"no grant gives {question.Identity} the target {question.Target}{(question.Login is { } l ? $" as login {l}" : "")}", Config = config.Version },
                null, null, Nothing);
        }

        SessionRules rules = book.For(new SessionFacts
        {
            Identity = question.Identity,
            Target = target,
            Login = access.Login,
            Grant = access.Grant.Name,
            Source = question.Source,
            Database = question.Database,
            Application = question.Application,
            IsTls = question.IsTls,
        });
        HttpOperation? http = question.Http is { Host: "" } anyHost ? anyHost with { Host = target.Hosts.FirstOrDefault("") } : question.Http;
        if (http?.Kubernetes is not null && target.Protocol != ProtocolNames.Kubernetes)
        {
            throw new PolicyException($"target {question.Target} is no API server of Kubernetes");
        }

        if (http is not null && target.Protocol == ProtocolNames.Kubernetes)
        {
            KubernetesRequest read = KubernetesRequest.Of(http.Method, http.Path, http.Query);
            http = http with { Kubernetes = http.Headers.Where(h => h.Key == "content-type").Aggregate(read, (a, h) => a.WithContentType(h.Value)) };
        }

        if (http is not null && !question.HasHeaders && !rules.HttpHeaders.IsEmpty)
        {
            throw new PolicyException($"rules ask for the headers {string.Join(", ", rules.HttpHeaders)}, which are not known");
        }

        if (http is not null)
        {
            http = http with { Body = BodyOf(config, question, rules, http) };
        }

        SqlOperation? sql = question.Ssh is null && http is null ? PostgresSql.OperationOf(Encoding.UTF8.GetBytes(question.Sql), question.SearchPath) : null;
        Decision decision = rules.JudgeHere((Operation?)question.Ssh ?? (Operation?)http ?? sql!, question.At ?? DateTimeOffset.UtcNow);
        return new PolicyAnswer(decision, access.Grant.Name, access.Login, sql?.Facts ?? Nothing) { SessionHold = access.Grant.Hold, Ssh = question.Ssh, Http = http };
    }

    private static HttpBody BodyOf(GatewayConfig config, PolicyQuestion question, SessionRules rules, HttpOperation http)
    {
        if (!question.HasHeaders && (!rules.HttpBodySizes.IsEmpty || rules.AsksForBody(http)))
        {
            throw new PolicyException("rules ask for the body, which is not known");
        }

        return question.Body is not { IsEmpty: false } body ? HttpBody.None
            : body.Length > config.Limits.InspectedFrame ? HttpBody.Unread(body.Length)
            : HttpBody.OfJson(body, rules.HttpBodyPointers);
    }
}

/// <summary>A question that cannot be asked; the message says why.</summary>
internal sealed class PolicyException(string message) : Exception(message);

using System.Runtime.CompilerServices;
using System.Text;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Policy;
using WireGate.Core.Sessions;
using WireGate.Postgres.Startup;
using WireGate.Postgres.Upstream;

namespace WireGate.Postgres;

/// <summary>What a proven caller gets of what its startup message asks for: target, login, database, settings, or a refusal.</summary>
internal static class LoginChoice
{
    /// <summary>Compiled allow-lists, by the target's own list.</summary>
    private static readonly ConditionalWeakTable<TargetConfig, AllowedParameters> AllowLists = [];

    /// <summary>Chooses, and notes the choice in the session as far as it got.</summary>
    /// <returns>Null: chosen.</returns>
    public static Refusal? Of(
        Session session, Caller caller, StartupParameters parameters, UserName user, out LoginRequest? request)
    {
        request = null;
        session.Access = null;
        GatewayConfig config = session.Config;

        // The replication mode is needed to choose a database; whether it is granted is judged once the grant is known.
        StartupJudgement judgement = parameters.Judge(AllowedParameters.Shipped);
        TargetChoice choice = TargetChoice.Of(session.Listener.Target, user, parameters, judgement.Replication, config.Targets);
        if (choice.Target is not { } target)
        {
            return new Refusal(SessionEnd.UnknownTarget, "no such target or database",
                TargetChoice.Explain(choice.Outcome, session.Listener.Target, user, parameters, config.Targets));
        }

        session.Database = choice.Database;
        if (AccessChoice.Of(config, caller, target) is not { } access)
        {
            return new Refusal(
                SessionEnd.NotGranted, $"not granted: target \"{target.Name}\"",
                $"no grant gives {caller.Identity} the target \"{target.Name}\"{(caller.Login is { } l ? $" as login \"{l}\"" : "")}, or the placeholder is not bound to it");
        }

        session.Access = access;
        judgement = parameters.Judge(AllowLists.GetValue(target, static t => new AllowedParameters(t.Parameters)));
        if (!judgement.IsAllowed)
        {
            return new Refusal(
                SessionEnd.FeatureRefused, $"the startup parameter \"{judgement.RefusedName}\" is not allowed",
                $"\"{judgement.RefusedName}\" is not in the shipped list; add it to the target's parameters to allow it");
        }

        if (judgement.Settings.Any(s => PlaceholderToken.IsWithin(s.Value.Span)))
        {
            return new Refusal(
                SessionEnd.FeatureRefused, "a startup parameter holds a placeholder",
                "the upstream would see it: it belongs where the password goes, and nowhere else");
        }

        choice = TargetChoice.Of(session.Listener.Target, user, parameters, judgement.Replication, config.Targets);
        if (choice.Outcome != TargetOutcome.Chosen)
        {
            return new Refusal(SessionEnd.UnknownTarget, "no such target or database",
                TargetChoice.Explain(choice.Outcome, session.Listener.Target, user, parameters, config.Targets));
        }

        session.Database = choice.Database;
        if (judgement.Replication != ReplicationMode.None && !access.Grant.Replication)
        {
            return new Refusal(
                SessionEnd.FeatureRefused, "replication is not granted",
                $"a walsender connection reads the whole cluster; grant \"{access.Grant.Name}\" does not say replication: true");
        }

        session.Application = judgement.Settings.FirstOrDefault(s => s.Name == "application_name") is { Value.IsEmpty: false } named
            ? Encoding.UTF8.GetString(named.Value.Span)
            : null;
        session.IsReplication = judgement.Replication != ReplicationMode.None;
        request = new LoginRequest(
            target, access.Login.User, choice.Database, judgement.Replication, judgement.Settings, caller.Identity.Subject)
        {
            NeedsSearchPath = judgement.Replication == ReplicationMode.None && config.RuleBook.For(SessionFacts.Of(session)).NeedsNames,
        };
        return null;
    }
}

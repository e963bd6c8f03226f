using System.Collections.Frozen;
using System.Text;
using WireGate.Core.Configuration;

namespace WireGate.Postgres.Startup;

/// <summary>How the choice of a target came out. All but one become 3D000.</summary>
internal enum TargetOutcome
{
    /// <summary>Nothing names a target that there is. The default.</summary>
    UnknownTarget = 0,

    /// <summary>More than one is meant, or the user name contradicts the listener.</summary>
    Ambiguous,

    /// <summary>The target does not serve this database, or none was named and it has no list to take the first of.</summary>
    UnknownDatabase,

    Chosen,
}

/// <summary>Where a client wants to go, and the database that the upstream is asked for.</summary>
/// <param name="Outcome">Whether there is such a place.</param>
/// <param name="Target">The target; null unless chosen.</param>
/// <param name="Database">The upstream's database; null unless chosen, and for a physical walsender, which is in none.</param>
internal readonly record struct TargetChoice(TargetOutcome Outcome, TargetConfig? Target, string? Database)
{
    private const string Protocol = "postgres";

    /// <summary>Characters of a client's word in a detail: PostgreSQL's own names are no longer.</summary>
    private const int MaxShown = 63;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>
    /// The target is the listener's; else the one behind the user name's last <c>@</c>; else the one that the database's name is the
    /// name of, or that has it among its databases. The database is taken as it was named if the target has it in its list, or has no
    /// list. The target's name, and the user name (which drivers fill in where no database is named), stand for the first of the list.
    /// </summary>
    /// <param name="listenerTarget">The listener's only target; null: it has none.</param>
    /// <param name="user">The user name, taken apart.</param>
    /// <param name="parameters">The startup message.</param>
    /// <param name="replication">A physical walsender is in no database, whatever it names.</param>
    /// <param name="targets">All targets.</param>
    public static TargetChoice Of(
        string? listenerTarget, in UserName user, StartupParameters parameters, ReplicationMode replication,
        FrozenDictionary<string, TargetConfig> targets)
    {
        // The name of a database is taken from the wire only where it cannot be (part of) a placeholder.
        bool isUserName = parameters.Database.Span.SequenceEqual(parameters.User.Span);
        string? database = isUserName && user.IsForGateway ? null : Decode(parameters.Database.Span);
        if (database is null && !isUserName)
        {
            return default(TargetChoice) with { Outcome = TargetOutcome.UnknownDatabase };
        }

        (TargetOutcome outcome, TargetConfig? target) = FindTarget(listenerTarget, user.Target, database, targets);
        if (target is null)
        {
            return new TargetChoice(outcome, null, null);
        }

        if (replication == ReplicationMode.Physical)
        {
            return new TargetChoice(TargetOutcome.Chosen, target, null);
        }

        string? upstream = ChooseDatabase(target, database, isUserName);
        return upstream is null
            ? new TargetChoice(TargetOutcome.UnknownDatabase, null, null)
            : new TargetChoice(TargetOutcome.Chosen, target, upstream);
    }

    /// <summary>Says to the operator why there is no such place, and what the client could say instead.</summary>
    public static string Explain(
        TargetOutcome outcome, string? listenerTarget, in UserName user, StartupParameters parameters,
        FrozenDictionary<string, TargetConfig> targets)
    {
        string? database = Decode(parameters.Database.Span);
        string shown = database is { Length: <= MaxShown } ? $"\"{database}\"" : "that is not shown";
        string? userTarget = user.Target;
        switch (outcome)
        {
            case TargetOutcome.Ambiguous when listenerTarget is not null:
                return $"the listener serves \"{listenerTarget}\" only, and the user name asks for \"{userTarget}\"";
            case TargetOutcome.Ambiguous:
                IEnumerable<string> serving = targets.Values
                    .Where(t => t.Protocol == Protocol && (t.Name == database || t.Databases.Contains(database ?? "")))
                    .Select(t => t.Name).Order(StringComparer.Ordinal);
                return $"the database {shown} is served by the targets {string.Join(", ", serving)}: the user name can say which, user@TARGET";
            case TargetOutcome.UnknownDatabase:
                return $"the database {shown} is not among the target's databases, or none was named";
            default:
                return (listenerTarget ?? userTarget) is { } named
                    ? $"there is no PostgreSQL target \"{named}\""
                    : $"no target has the name {shown}, and none has a database of that name: the user name can say which, user@TARGET";
        }
    }

    private static (TargetOutcome Outcome, TargetConfig? Target) FindTarget(
        string? listenerTarget, string? userTarget, string? database, FrozenDictionary<string, TargetConfig> targets)
    {
        if (listenerTarget is not null && userTarget is not null && listenerTarget != userTarget)
        {
            // Silently reaching another target than the one asked for would be worse than not reaching any.
            return (TargetOutcome.Ambiguous, null);
        }

        if ((listenerTarget ?? userTarget) is { } named)
        {
            return targets.TryGetValue(named, out TargetConfig? target) && target.Protocol == Protocol
                ? (TargetOutcome.Chosen, target)
                : (TargetOutcome.UnknownTarget, null);
        }

        TargetConfig? found = null;
        foreach (TargetConfig candidate in targets.Values)
        {
            if (candidate.Protocol != Protocol || database is null
                || (candidate.Name != database && !candidate.Databases.Contains(database)))
            {
                continue;
            }

            if (found is not null)
            {
                return (TargetOutcome.Ambiguous, null);
            }

            found = candidate;
        }

        return found is null ? (TargetOutcome.UnknownTarget, null) : (TargetOutcome.Chosen, found);
    }

    private static string? ChooseDatabase(TargetConfig target, string? database, bool isUserName)
    {
        if (target.Databases.IsEmpty)
        {
            return database;
        }

        if (database is not null && target.Databases.Contains(database))
        {
            return database;
        }

        return isUserName || database == target.Name ? target.Databases[0] : null;
    }

    // Null: nothing that could be a database's name in the config, or that may be part of a placeholder.
    private static string? Decode(ReadOnlySpan<byte> name)
    {
        if (name.IndexOf(UserName.TokenPrefix) >= 0)
        {
            return null;
        }

        try
        {
            return StrictUtf8.GetString(name);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}

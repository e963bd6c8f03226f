using System.Collections.Immutable;
using WireGate.Core.Configuration;
using WireGate.Core.Policy.Facts;

namespace WireGate.Core.Policy;

/// <summary>Whether names in SQL are meant by patterns. A name without a schema may mean each of several. Pure functions.</summary>
internal static class SqlNames
{
    /// <summary>Whether a name, whatever it means, fits one of the patterns.</summary>
    /// <param name="patterns">The patterns.</param>
    /// <param name="name">The name.</param>
    /// <param name="path">Where it is looked for.</param>
    /// <param name="isRead">It is that of a relation that is only read.</param>
    internal static bool IsSurely(ImmutableArray<RelationPattern> patterns, SqlName name, SqlSearchPath path, bool isRead = false)
    {
        if (name.Schema is { } schema)
        {
            return Fits(patterns, schema, name.Name);
        }

        if (path.CandidatesOf(name, isRead: isRead) is not { } candidates)
        {
            return Fits(patterns, null, name.Name);
        }

        foreach (string candidate in candidates)
        {
            if (!Fits(patterns, candidate, name.Name))
            {
                return false;
            }
        }

        // In no schema at all: nothing that could have been meant.
        return !candidates.IsEmpty;
    }

    /// <inheritdoc cref="IsSurely(ImmutableArray{RelationPattern}, SqlName, SqlSearchPath, bool)"/>
    internal static bool IsSurely(RelationPattern pattern, SqlName name, SqlSearchPath path, bool isRead = false)
    {
        if (name.Schema is { } schema)
        {
            return Fits(pattern, schema, name.Name);
        }

        if (path.CandidatesOf(name, isRead: isRead) is not { } candidates)
        {
            return Fits(pattern, null, name.Name);
        }

        foreach (string candidate in candidates)
        {
            if (!Fits(pattern, candidate, name.Name))
            {
                return false;
            }
        }

        return !candidates.IsEmpty;
    }

    /// <summary>Whether a name, in one of its meanings, fits the pattern.</summary>
    internal static bool MayBe(RelationPattern pattern, SqlName name, SqlSearchPath path)
    {
        if (name.Name != SqlName.Any && !pattern.Name.Matches(name.Name))
        {
            return false;
        }

        if (name.Schema is { } schema)
        {
            return schema == SqlName.Any || pattern.Schema.Matches(schema);
        }

        if (path.CandidatesOf(name, withAbsent: true) is not { } candidates)
        {
            return true;
        }

        foreach (string candidate in candidates)
        {
            if (pattern.Schema.Matches(candidate))
            {
                return true;
            }
        }

        return false;
    }

    private static bool Fits(ImmutableArray<RelationPattern> patterns, string? schema, string name)
    {
        foreach (RelationPattern pattern in patterns)
        {
            if (Fits(pattern, schema, name))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a name fits.</summary>
    /// <param name="pattern">The pattern.</param>
    /// <param name="schema">Null: any schema, so that only a pattern fits that means every one.</param>
    /// <param name="name">The name within the schema.</param>
    private static bool Fits(RelationPattern pattern, string? schema, string name) =>
        (schema is null ? pattern.Schema.IsAny : pattern.Schema.Matches(schema)) && pattern.Name.Matches(name);
}

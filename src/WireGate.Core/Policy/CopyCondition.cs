using System.Collections.Immutable;
using System.Text;
using WireGate.Core.Configuration;
using WireGate.Core.Policy.Facts;

namespace WireGate.Core.Policy;

/// <summary>What a rule says of commands that copy. Pure functions.</summary>
internal static class CopyCondition
{
    // What git looks for where there is no repository.
    private const string GitSuffix = ".git";

    /// <summary>Whether all of a command is covered: only one that is recognised can be.</summary>
    internal static bool Covers(CopyMatchConfig match, SshExec exec)
    {
        if (exec.Copy is not { } copy || !IsWith(match, copy.Program) || (match.Operations is { } named && (copy.Actions & ~named) != 0))
        {
            return false;
        }

        foreach (SshPath path in copy.Paths)
        {
            if (!match.Paths.IsEmpty && !(IsIn(match.Paths, copy, path) && (Other(copy, path) is not { } other || IsIn(match.Paths, copy, other))))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether a command may be one: what cannot be taken apart may be any, and what is only named like one any of its program.</summary>
    internal static bool Touches(CopyMatchConfig match, SshExec exec)
    {
        if (exec.Copy is not { } copy)
        {
            return exec.Words.IsEmpty || IsWith(match, CopyCommand.ProgramOf(exec));
        }

        if (!IsWith(match, copy.Program) || (match.Operations is { } named && (copy.Actions & named) == 0))
        {
            return false;
        }

        foreach (SshPath path in copy.Paths)
        {
            if (match.Paths.IsEmpty || !path.IsPlain || MayBeIn(match.Paths, copy, path)
                || (Other(copy, path) is { } other && MayBeIn(match.Paths, copy, other)))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsWith(CopyMatchConfig match, CopyPrograms program) => ((match.With ?? ~CopyPrograms.None) & program) != 0;

    /// <summary>Where else git looks for the repository; null: nowhere that counts.</summary>
    private static SshPath? Other(CopyCommand copy, SshPath path) =>
        copy.Program == CopyPrograms.Git && path.IsPlain && path.Text is { } text && !text.EndsWith(GitSuffix, StringComparison.Ordinal)
            ? new SshPath(Encoding.UTF8.GetBytes(text + GitSuffix))
            : null;

    private static bool IsIn(ImmutableArray<PathPattern> patterns, CopyCommand copy, SshPath path)
    {
        foreach (PathPattern pattern in patterns)
        {
            if (copy.IsDeep ? pattern.MatchesAllBelow(path) : pattern.Matches(path))
            {
                return true;
            }
        }

        return false;
    }

    private static bool MayBeIn(ImmutableArray<PathPattern> patterns, CopyCommand copy, SshPath path)
    {
        // A repository is a directory, too.
        bool isDeep = copy.IsDeep || copy.Program == CopyPrograms.Git;
        foreach (PathPattern pattern in patterns)
        {
            if (pattern.Matches(path) || (isDeep && pattern.MayMatchBelow(path)))
            {
                return true;
            }
        }

        return false;
    }
}

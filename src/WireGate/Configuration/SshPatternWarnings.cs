using System.Collections.Immutable;
using WireGate.Core.Configuration;

namespace WireGate.Configuration;

/// <summary>Patterns of SSH rules that hardly are what was meant.</summary>
internal static class SshPatternWarnings
{
    // Of globs and regular expressions; here they stand for themselves.
    private const string Elsewhere = "?[{^";

    public static IEnumerable<string> Find(MatchConfig match) => match.Ssh is not { } ssh ? [] :
    [
        .. ssh.Exec.SelectMany(OfCommand),
        .. ssh.Copy?.Paths.SelectMany(p => OfPattern(p.Text, "only * and ** are patterns")) ?? [],
        .. ssh.Requests.SelectMany(r => OfPattern(r.Text, "only * is a pattern")),
        .. ssh.Subsystems.SelectMany(s => OfPattern(s.Text, "only * is a pattern")),
        .. ssh.Sftp?.Paths.SelectMany(p => OfPattern(p.Text, "only * and ** are patterns")) ?? [],
        .. ssh.Forward.SelectMany(f => OfPattern(f.Text.StartsWith('/') ? f.Text : "", "only * and ** are patterns")),
    ];

    private static IEnumerable<string> OfCommand(CommandPattern command)
    {
        if (command.Exact is { } exact)
        {
            return exact.Contains('*', StringComparison.Ordinal) ? [$"{exact}: this is the whole command, * stands for itself: write {{ argv: [ … ] }} if it is a pattern"] : [];
        }

        ImmutableArray<string> words = command.Argv;
        string[] any = words[0].Contains('*', StringComparison.Ordinal) ? [$"{command}: its first word is a pattern, so it is about every program of such a name"] : [];
        return [.. any, .. words.SelectMany(w => OfPattern(w, "only * is a pattern"))];
    }

    private static IEnumerable<string> OfPattern(string pattern, string what)
    {
        int which = pattern.AsSpan().IndexOfAny(Elsewhere);
        return which < 0 ? [] : [$"{pattern}: {what}, {pattern[which]} stands for itself"];
    }
}

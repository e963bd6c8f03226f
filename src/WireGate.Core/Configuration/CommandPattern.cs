using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;

namespace WireGate.Core.Configuration;

/// <summary>
/// A command as a rule names it: the exact whole string, or a template of its words. A template fits only what every POSIX shell takes apart
/// alike; in its words <c>*</c> is any run of characters but ':' and '/', and as its last word <c>**</c> is any number of words, whatever
/// they are.
/// </summary>
public sealed record CommandPattern
{
    private const string AnyWords = "**";
    private const string Never = ":/";

    private CommandPattern(string? exact, ImmutableArray<string> argv)
    {
        Exact = exact;
        Argv = argv;
    }

    /// <summary>The whole string; null: it is a template.</summary>
    public string? Exact { get; }

    /// <summary>The words of a template; empty: it is a whole string.</summary>
    public ImmutableArray<string> Argv { get; }

    /// <summary>A command as it stands.</summary>
    public static CommandPattern Of(string command)
    {
        ArgumentException.ThrowIfNullOrEmpty(command);
        return new CommandPattern(command, []);
    }

    /// <summary>Reads a template.</summary>
    /// <param name="argv">Its words.</param>
    /// <param name="pattern">The template.</param>
    /// <param name="wrong">Which word no command has.</param>
    /// <param name="problem">Why.</param>
    public static bool TryParse(
        ImmutableArray<string> argv, [NotNullWhen(true)] out CommandPattern? pattern, out int wrong, [NotNullWhen(false)] out string? problem)
    {
        for (wrong = 0; wrong < argv.Length; wrong++)
        {
            problem = ProblemOf(argv, wrong);
            if (problem is not null)
            {
                pattern = null;
                return false;
            }
        }

        wrong = 0;
        problem = argv.IsEmpty ? "it has no words" : null;
        pattern = argv.IsEmpty ? null : new CommandPattern(null, argv);
        return pattern is not null;
    }

    /// <summary>Whether it is surely this command.</summary>
    public bool Covers(SshExec command)
    {
        ArgumentNullException.ThrowIfNull(command);
        return Exact is not null ? Exact == command.Command : Fits(command.Words, isSure: true);
    }

    /// <summary>
    /// Whether it may be this command: for a template, also what cannot be taken apart, and options where there is a star. A command that is
    /// not known may be any.
    /// </summary>
    public bool Touches(SshExec command)
    {
        ArgumentNullException.ThrowIfNull(command);
        return command.Command is null || (Exact is not null ? Exact == command.Command : command.Words.IsEmpty || Fits(command.Words, isSure: false));
    }

    /// <inheritdoc/>
    public bool Equals(CommandPattern? other) => other is not null && other.Exact == Exact && other.Argv.SequenceEqual(Argv);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Exact, Argv.Length);

    /// <inheritdoc/>
    public override string ToString() => Exact ?? string.Join(' ', Argv);

    private static string? ProblemOf(ImmutableArray<string> argv, int at)
    {
        string word = argv[at];
        return word == AnyWords ? (at == 0 || at < argv.Length - 1 ? "** stands for words only at the end, after the command" : null)
            : word.Contains(AnyWords, StringComparison.Ordinal) ? "** is a word of its own, write * for a run of characters"
            : word.StartsWith('-') && word.Contains('*', StringComparison.Ordinal) ? "options are met exactly, * means nothing in them"
            : !ShellWords.IsWord(word) ? "no word can be this: it is empty, or has a quote, a backslash or what cannot be printed"
            : null;
    }

    private bool Fits(ImmutableArray<string> words, bool isSure)
    {
        bool isOpen = Argv[^1] == AnyWords;
        int fixedWords = isOpen ? Argv.Length - 1 : Argv.Length;
        if (isOpen ? words.Length < fixedWords : words.Length != fixedWords)
        {
            return false;
        }

        for (int i = 0; i < fixedWords; i++)
        {
            if (Argv[i] != words[i] && !(FitsPattern(Argv[i], words[i]) && (!isSure || IsHarmless(words[i]))))
            {
                return false;
            }
        }

        return true;
    }

    private static bool FitsPattern(string pattern, string word) =>
        pattern.Contains('*', StringComparison.Ordinal) && !pattern.StartsWith('-') && Glob.Matches(pattern, word, Never);

    // What a star was hardly meant to let in: an option, or a way out of the directory.
    private static bool IsHarmless(string word) => !word.StartsWith('-') && !word.Split('/', ':').Any(part => part is "." or "..");
}

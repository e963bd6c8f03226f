using System.Buffers;
using System.Collections.Frozen;

namespace WireGate.Core.Policy.Facts;

/// <summary>
/// The options with which a client's rsync runs the one on the upstream: those of rsync's own rrsync, but for <c>--log-file</c>, which no client
/// sends by itself, and what leads out of a directory by its links (<c>-K</c>, <c>-L</c>, <c>-k</c>, <c>--copy-unsafe-links</c>). With <c>-s</c>
/// the paths are not in the command.
/// </summary>
/// <param name="sends">The upstream is the one that sends.</param>
internal sealed class RsyncOptions(bool sends)
{
    // What no client needs in a value that is no path.
    private const char Separator = '/';

    private static readonly SearchValues<char> Flags = SearchValues.Create("ACDEHIJNORSUWXbcdglmnopqrtuvxyz");

    // -@ is --modify-window, -B is --block-size.
    private static readonly SearchValues<char> Numbers = SearchValues.Create("@B");

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789");

    private static readonly FrozenDictionary<string, Meaning> Long = Table(
        (Meaning.Flag,
            """
            append delay-updates dirs existing fake-super force from0 fsync fuzzy group hard-links ignore-errors ignore-existing ignore-times inplace
            ignore-missing-args links list-only mkpath msgs2stderr munge-links new-compress no-W no-implied-dirs no-msgs2stderr no-r no-relative
            no-specials numeric-ids old-compress one-file-system open-noatime owner partial perms preallocate recursive safe-links size-only specials
            stats super times use-qsort
            """),
        (Meaning.Removes,
            """
            delete delete-after delete-before delete-delay delete-during delete-excluded delete-missing-args remove-sent-files remove-source-files
            """),
        (Meaning.Value,
            """
            block-size bwlimit checksum-choice checksum-seed compress-choice compress-level compress-threads groupmap iconv info log-format max-alloc
            max-delete max-size min-size modify-window only-write-batch skip-compress stderr suffix timeout usermap
            """),
        (Meaning.ReadsFrom, "compare-dest copy-dest link-dest"),
        (Meaning.List, "files-from"),
        (Meaning.WritesTo, "backup-dir partial-dir temp-dir"));

    private readonly List<string> _paths = [];

    private enum Meaning
    {
        /// <summary>It has no value, and changes neither what is read nor what is written. The default.</summary>
        Flag = 0,

        /// <summary>It has no value, and removes something, wherever it is.</summary>
        Removes,

        /// <summary>Its value is no path.</summary>
        Value,

        /// <summary>Its value is a directory that files are taken from.</summary>
        ReadsFrom,

        /// <summary>Its value is a file that says what is read, or <c>-</c> for what the client sends.</summary>
        List,

        /// <summary>Its value is a directory that files are put in.</summary>
        WritesTo,
    }

    /// <summary>What is done.</summary>
    public CopyActions Actions { get; private set; } = sends ? CopyActions.Read : CopyActions.Write;

    /// <summary>Paths beside those that are copied.</summary>
    public IEnumerable<string> Paths => _paths;

    /// <summary>Takes the first option, with its value.</summary>
    /// <returns>False: it is none of those that are known.</returns>
    public bool TryTake(ref ReadOnlySpan<string> words)
    {
        string option = words[0];
        words = words[1..];
        if (!option.StartsWith("--", StringComparison.Ordinal))
        {
            return IsShort(option);
        }

        int equals = option.IndexOf('=', StringComparison.Ordinal);
        if (!Long.TryGetValue(equals < 0 ? option[2..] : option[2..equals], out Meaning meaning))
        {
            return false;
        }

        if (meaning is Meaning.Flag or Meaning.Removes)
        {
            Actions |= meaning == Meaning.Removes ? CopyActions.Write : CopyActions.None;
            return equals < 0;
        }

        if (equals >= 0)
        {
            return Means(meaning, option[(equals + 1)..]);
        }

        if (words.IsEmpty)
        {
            return false;
        }

        string value = words[0];
        words = words[1..];
        return Means(meaning, value);
    }

    private bool Means(Meaning meaning, string value)
    {
        if (meaning == Meaning.List && value == "-")
        {
            return true;
        }

        if (value.Length == 0 || value.StartsWith('-') || (meaning == Meaning.Value && value.Contains(Separator, StringComparison.Ordinal)))
        {
            return false;
        }

        Actions |= meaning switch
        {
            Meaning.ReadsFrom or Meaning.List => CopyActions.Read,
            Meaning.WritesTo => CopyActions.Write,
            _ => CopyActions.None,
        };

        // What is relative is below what is written, which is judged itself.
        if (meaning != Meaning.Value && (sends || meaning == Meaning.List || !IsBelow(value)))
        {
            _paths.Add(value);
        }

        return true;
    }

    private static bool IsBelow(string path) => Array.TrueForAll(path.Split(Separator), SshPath.IsPlainSegment);

    /// <summary>Whether it is <c>-logDtpre.iLsfxCIvu</c>, or <c>-B700</c>. What follows <c>e</c> is what the client's protocol can do.</summary>
    private static bool IsShort(string option)
    {
        ReadOnlySpan<char> rest = option.AsSpan(1);
        if (option[0] != '-' || rest.IsEmpty)
        {
            return false;
        }

        if (Numbers.Contains(rest[0]))
        {
            return rest.Length > 1 && !rest[1..].ContainsAnyExcept(Digits);
        }

        int end = rest.IndexOfAnyExcept(Flags);
        if (end < 0)
        {
            return true;
        }

        ReadOnlySpan<char> capabilities = rest[end..];
        int dot = capabilities.IndexOf('.');
        return capabilities[0] == 'e' && dot > 0 && !capabilities[1..dot].ContainsAnyExcept(Digits) && IsAlphanumeric(capabilities[(dot + 1)..]);
    }

    private static bool IsAlphanumeric(ReadOnlySpan<char> text)
    {
        foreach (char c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c))
            {
                return false;
            }
        }

        return true;
    }

    private static FrozenDictionary<string, Meaning> Table(params (Meaning Meaning, string Names)[] rows) =>
        rows.SelectMany(r => r.Names
                .Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .Select(n => KeyValuePair.Create(n, r.Meaning)))
            .ToFrozenDictionary(StringComparer.Ordinal);
}

using System.Globalization;
using System.Reflection;

namespace WireGate.Postgres.Authentication;

/// <summary>
/// The character tables of SASLprep, read from the embedded <c>SaslPrep.txt</c> the first time a password is not ASCII. They are ours
/// because the runtime's own normalisation does nothing without ICU, which this product does not need otherwise.
/// </summary>
internal sealed class SaslPrepTables
{
    private static readonly Lazy<SaslPrepTables> Loaded = new(() => new SaslPrepTables());

    private readonly Dictionary<int, int[]> _decompositions = [];
    private readonly Dictionary<(int First, int Second), int> _compositions = [];
    private readonly Dictionary<int, byte> _classes = [];
    private readonly Dictionary<string, List<(int From, int To)>> _sets = [];

    private SaslPrepTables()
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("SaslPrep.txt")
            ?? throw new InvalidOperationException("The tables of SASLprep are missing from the assembly.");
        using var reader = new StreamReader(stream);
        string section = "";
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('['))
            {
                section = line[1..line.IndexOf(']', StringComparison.Ordinal)];
            }
            else if (!line.StartsWith('#'))
            {
                Take(section, line);
            }
        }
    }

    public static SaslPrepTables Instance => Loaded.Value;

    /// <summary>The full compatibility decomposition, without that of Hangul syllables; empty: the code point itself.</summary>
    public ReadOnlySpan<int> Decomposition(int codePoint) => _decompositions.GetValueOrDefault(codePoint);

    /// <summary>The primary composite of two code points; 0: there is none.</summary>
    public int Composition(int first, int second) => _compositions.GetValueOrDefault((first, second));

    /// <summary>The canonical combining class; 0: a starter.</summary>
    public byte CombiningClass(int codePoint) => _classes.GetValueOrDefault(codePoint);

    /// <summary>RFC 3454 C.1.2: spaces that are mapped to the ASCII one.</summary>
    public bool IsSpace(int codePoint) => IsIn("space", codePoint);

    /// <summary>RFC 3454 B.1: what is mapped to nothing.</summary>
    public bool IsNothing(int codePoint) => IsIn("nothing", codePoint);

    /// <summary>RFC 4013 section 2.3, and what Unicode 3.2 has not assigned.</summary>
    public bool IsProhibited(int codePoint) => IsIn("prohibited", codePoint);

    /// <summary>RFC 3454 D.1.</summary>
    public bool IsRightToLeft(int codePoint) => IsIn("right-to-left", codePoint);

    /// <summary>RFC 3454 D.2.</summary>
    public bool IsLeftToRight(int codePoint) => IsIn("left-to-right", codePoint);

    private static int Hex(string text) => int.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private static IEnumerable<(int From, int To)> Ranges(string text)
    {
        foreach (string range in text.Split(' '))
        {
            string[] ends = range.Split('-');
            yield return (Hex(ends[0]), Hex(ends[^1]));
        }
    }

    private bool IsIn(string set, int codePoint)
    {
        List<(int From, int To)> ranges = _sets[set];
        int low = 0;
        int high = ranges.Count - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            if (codePoint < ranges[middle].From)
            {
                high = middle - 1;
            }
            else if (codePoint > ranges[middle].To)
            {
                low = middle + 1;
            }
            else
            {
                return true;
            }
        }

        return false;
    }

    private void Take(string section, string line)
    {
        string[] parts = line.Split(": ");
        switch (section)
        {
            case "decomposition":
                _decompositions.Add(Hex(parts[0]), [.. parts[1].Split(' ').Select(Hex)]);
                break;
            case "composition":
                string[] pair = parts[0].Split(' ');
                _compositions.Add((Hex(pair[0]), Hex(pair[1])), Hex(parts[1]));
                break;
            case "class":
                foreach ((int from, int to) in Ranges(parts[1]))
                {
                    for (int codePoint = from; codePoint <= to; codePoint++)
                    {
                        _classes.Add(codePoint, (byte)Hex(parts[0]));
                    }
                }

                break;
            default:
                if (!_sets.TryGetValue(section, out List<(int From, int To)>? set))
                {
                    _sets.Add(section, set = []);
                }

                set.AddRange(Ranges(line));
                break;
        }
    }
}

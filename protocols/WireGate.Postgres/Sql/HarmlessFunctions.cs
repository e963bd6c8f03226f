using System.Collections.Frozen;
using System.Reflection;

namespace WireGate.Postgres.Sql;

/// <summary>
/// Functions of pg_catalog that only compute or tell what anybody may know: they run no SQL text, touch no file, network, large object,
/// lock, setting or other session. The reviewed list is <c>HarmlessFunctions.txt</c>.
/// </summary>
internal static class HarmlessFunctions
{
    private static readonly FrozenSet<string> Names = Load();

    /// <summary>All names in the list.</summary>
    public static IEnumerable<string> All => Names;

    /// <summary>Whether all functions of this name in pg_catalog are harmless.</summary>
    public static bool Contains(string name) => Names.Contains(name);

    private static FrozenSet<string> Load()
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("HarmlessFunctions.txt")!;
        using var reader = new StreamReader(stream);
        var names = new HashSet<string>(StringComparer.Ordinal);
        while (reader.ReadLine() is { } line)
        {
            if (line.Length > 0 && line[0] != '#')
            {
                names.Add(line);
            }
        }

        return names.ToFrozenSet(StringComparer.Ordinal);
    }
}

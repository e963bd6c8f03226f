using System.Collections.Frozen;
using System.Reflection;
using WireGate.Core.Policy.Facts;

namespace WireGate.Postgres.Sql;

/// <summary>
/// Functions of pg_catalog, and a few of information_schema with their schema before them, that only compute or tell what anybody may
/// know: they run no SQL text, touch no file, network, large object, lock, setting or other session. The reviewed list is
/// <c>HarmlessFunctions.txt</c>. What a text alone cannot tell: a function of the same name in another schema of the search_path is
/// chosen if its arguments fit better, and somebody had to be allowed to make it.
/// </summary>
internal static class HarmlessFunctions
{
    private static readonly FrozenSet<string> Names = Load();

    /// <summary>Whether all functions of this name are harmless. Without a schema it is the catalog's, which is searched first.</summary>
    public static bool Contains(SqlName name) => name.Schema switch
    {
        // A quoted name may hold a dot, and then is none of the list's with a schema.
        null or "pg_catalog" => !name.Name.Contains('.') && Names.Contains(name.Name),
        "information_schema" => Names.Contains(name.ToString()),
        _ => false,
    };

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

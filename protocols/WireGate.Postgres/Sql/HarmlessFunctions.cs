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
    private const string Computing = "[computes]";

    private static readonly FrozenSet<string> Names = Load(_ => true);
    private static readonly FrozenSet<string> Computed = Load(group => group == Computing);
    private static readonly FrozenSet<string> LookingUp = Load(group => group != Computing)
        .Select(name => name[(name.IndexOf('.', StringComparison.Ordinal) + 1)..]).ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Whether all functions of this name are harmless. Without a schema it is the catalog's, which is searched first.</summary>
    public static bool Contains(SqlName name) => name.Schema switch
    {
        // A quoted name may hold a dot, and then is none of the list's with a schema.
        null or "pg_catalog" => !name.Name.Contains('.') && Names.Contains(name.Name),
        "information_schema" => Names.Contains(name.ToString()),
        _ => false,
    };

    /// <summary>Whether all functions of this name are harmless, and none leaves anything behind.</summary>
    public static bool Computes(SqlName name) => name.Schema is null or "pg_catalog" && Computed.Contains(name.Name);

    /// <summary>
    /// Whether one of this name, of whatever schema, leaves something behind that tells with what it was called, or that it was: a lock that
    /// is kept up to the end of the transaction, a number of it, the session's temporary schema.
    /// </summary>
    public static bool LooksUp(string name) => LookingUp.Contains(name);

    private static FrozenSet<string> Load(Func<string, bool> isTaken)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("HarmlessFunctions.txt")!;
        using var reader = new StreamReader(stream);
        var names = new HashSet<string>(StringComparer.Ordinal);
        string group = "";
        while (reader.ReadLine() is { } line)
        {
            group = line.StartsWith('[') ? line : group;
            if (line.Length > 0 && line[0] is not ('#' or '[') && isTaken(group))
            {
                names.Add(line);
            }
        }

        return names.ToFrozenSet(StringComparer.Ordinal);
    }
}

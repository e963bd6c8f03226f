using System.Runtime.InteropServices;

namespace WireGate.Postgres.Sql;

/// <summary>The parser's library is not on this machine.</summary>
internal sealed class PgQueryMissingException()
    : Exception("PostgreSQL's parser is not installed, and rules on SQL need it: apt install libpg-query1504.0");

/// <summary>Finds the distribution's library, which is patched with it, by the one version whose tree this code knows.</summary>
internal static class PgQueryLibrary
{
    private const string FileName = "libpg_query.so.1504.0";

    private static readonly Lazy<bool> Loaded = new(Load);

    /// <summary>Whether it is there.</summary>
    public static bool IsInstalled => Loaded.Value;

    /// <summary>Loads it, once.</summary>
    /// <exception cref="PgQueryMissingException">It is not installed.</exception>
    public static void Require()
    {
        if (!Loaded.Value)
        {
            throw new PgQueryMissingException();
        }
    }

    private static bool Load()
    {
        if (!NativeLibrary.TryLoad(FileName, out nint library))
        {
            return false;
        }

        NativeLibrary.SetDllImportResolver(typeof(PgQueryLibrary).Assembly, (name, _, _) => name == "pg_query" ? library : 0);
        return true;
    }
}

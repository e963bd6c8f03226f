using System.Reflection;
using System.Runtime.InteropServices;
using SQLitePCL;
using WireGate.Core.Credentials;

namespace WireGate.Storage;

/// <summary>
/// Points the SQLite provider at the system's own library, which the distribution keeps patched, instead of one that ages in a package.
/// </summary>
internal static class SqliteLibrary
{
    // Debian and Fedora without development files have only the first; then Alpine and others, macOS, Windows.
    private static readonly string[] Names =
        ["libsqlite3.so.0", "libsqlite3.so", "libsqlite3.dylib", "/usr/lib/libsqlite3.dylib", "sqlite3", "winsqlite3"];

    private static readonly Lazy<bool> Loaded = new(Load);

    /// <summary>Loads it, once.</summary>
    /// <exception cref="StoreUnavailableException">It is not installed.</exception>
    internal static void Require()
    {
        if (!Loaded.Value)
        {
            throw new StoreUnavailableException("the SQLite library is not installed: apt install libsqlite3-0");
        }
    }

    private static bool Load()
    {
        nint library = Find();
        if (library == 0)
        {
            return false;
        }

        Assembly provider = typeof(SQLite3Provider_e_sqlite3).Assembly;
        NativeLibrary.SetDllImportResolver(provider, (name, _, _) => name == "e_sqlite3" ? library : 0);
        raw.SetProvider(new SQLite3Provider_e_sqlite3());
        return true;
    }

    private static nint Find()
    {
        foreach (string name in Names)
        {
            if (NativeLibrary.TryLoad(name, out nint library))
            {
                return library;
            }
        }

        return 0;
    }
}

using System.Text;
using System.Text.Unicode;

namespace WireGate.Postgres.Sql;

/// <summary>A name as the server keeps it.</summary>
internal static class ServerName
{
    /// <summary>Its NAMEDATALEN less the terminator.</summary>
    public const int Longest = 63;

    /// <summary>A longer name is cut where the last character ends that fits, and means what a name of that many bytes means.</summary>
    public static string Cut(string name)
    {
        if (Encoding.UTF8.GetByteCount(name) <= Longest)
        {
            return name;
        }

        Utf8.FromUtf16(name, stackalloc byte[Longest], out int fitting, out _);
        return name[..fitting];
    }
}

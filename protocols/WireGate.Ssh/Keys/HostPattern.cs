using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace WireGate.Ssh.Keys;

/// <summary>
/// What a line of known_hosts says whose key it has: names between commas, with <c>*</c> and <c>?</c> in them or a <c>!</c> before them;
/// or the hash of one name.
/// </summary>
internal sealed class HostPattern
{
    private const string HashMark = "|1|";

    private readonly string[] _names;
    private readonly byte[]? _salt;
    private readonly byte[]? _hash;

    private HostPattern(string[] names, byte[]? salt, byte[]? hash)
    {
        _names = names;
        _salt = salt;
        _hash = hash;
    }

    /// <exception cref="KeyFileException">It is a hash, and not of the kind there is; or an empty name.</exception>
    public static HostPattern Parse(string text)
    {
        if (!text.StartsWith('|'))
        {
            string[] names = text.ToLowerInvariant().Split(',');
            return Array.TrueForAll(names, name => name is not ("" or "!")) ? new HostPattern(names, null, null)
                : throw new KeyFileException("a host name is empty");
        }

        string[] parts = text.StartsWith(HashMark, StringComparison.Ordinal) ? text[HashMark.Length..].Split('|') : [];
        return parts.Length == 2 && TryDecode(parts[0], out byte[] salt) && TryDecode(parts[1], out byte[] hash)
            ? new HostPattern([], salt, hash)
            : throw new KeyFileException("a hashed host name that is not |1|salt|hash");
    }

    /// <summary>True: one of the names is meant and none excludes it.</summary>
    /// <param name="name">In lower case; with <c>[name]:port</c> for another port than 22.</param>
    [SuppressMessage("Security", "CA5350", Justification = "known_hosts prescribes SHA-1; it only hides names from who reads the file.")]
    public bool Matches(string name)
    {
        if (_hash is not null)
        {
            return HMACSHA1.HashData(_salt!, Encoding.UTF8.GetBytes(name)).AsSpan().SequenceEqual(_hash);
        }

        bool isMeant = false;
        foreach (string pattern in _names)
        {
            if (pattern[0] != '!')
            {
                isMeant |= Matches(pattern, name);
            }
            else if (Matches(pattern.AsSpan(1), name))
            {
                return false;
            }
        }

        return isMeant;
    }

    /// <summary>Whether a pattern with <c>*</c> and <c>?</c> is all of a name; in steps that are at most their lengths' product.</summary>
    public static bool Matches(ReadOnlySpan<char> pattern, ReadOnlySpan<char> name)
    {
        int at = 0;
        int star = -1;
        int resume = 0;
        for (int i = 0; i < name.Length;)
        {
            if (at < pattern.Length && pattern[at] == '*')
            {
                star = at++;
                resume = i;
            }
            else if (at < pattern.Length && (pattern[at] == '?' || pattern[at] == name[i]))
            {
                at++;
                i++;
            }
            else if (star >= 0)
            {
                at = star + 1;
                i = ++resume;
            }
            else
            {
                return false;
            }
        }

        return pattern[at..].TrimStart('*').IsEmpty;
    }

    private static bool TryDecode(string base64, out byte[] bytes)
    {
        bytes = new byte[HMACSHA1.HashSizeInBytes];
        return Convert.TryFromBase64String(base64, bytes, out int length) && length == bytes.Length;
    }
}

using System.Text;
using WireGate.Core.Framing;
using WireGate.Ssh.Keys;

namespace WireGate.Ssh.Authentication;

/// <summary>Reads what a config says of users' keys: a line, or a file of such lines. What is wrong is kept, and the rest read on.</summary>
internal sealed class UserKeyFiles
{
    /// <summary>What is wrong, each with the key or path that it is about.</summary>
    public List<(string Entry, string Problem)> Problems { get; } = [];

    /// <summary>Whether an entry is the path of a file.</summary>
    public static bool IsFile(string entry) => entry.StartsWith('/');

    public IReadOnlyCollection<RegisteredKey> ReadKeys(string entry) => ReadLines(entry, RegisteredKey.ParseLine);

    public IReadOnlyCollection<SshPublicKey> ReadAuthorities(string entry) => ReadLines(entry, ParseAuthority);

    public RevokedKeys ReadRevoked(string path) => Read(path, file => RevokedKeys.Parse(file)) ?? RevokedKeys.None;

    /// <summary>The key of an authority.</summary>
    /// <exception cref="KeyFileException">It is none.</exception>
    public static SshPublicKey ParseAuthority(string line) => SshCertificate.PlainName(KeyLines.WordOf(line)) is null
        ? SshPublicKey.ParseLine(Peer.Client, line)
        : throw new KeyFileException("it is a certificate: an authority is trusted by its own key");

    public void Report(string entry, string problem) => Problems.Add((entry, problem));

    private IReadOnlyCollection<T> ReadLines<T>(string entry, Func<string, T> parse)
        where T : class
    {
        IReadOnlyCollection<T>? keys = Read<IReadOnlyCollection<T>>(entry, file => KeyLines.Parse(file, PublicKeyFile.MaxFileLength, parse));
        if (keys is { Count: 0 })
        {
            Report(entry, "the file has no key");
        }

        return keys ?? [];
    }

    private T? Read<T>(string entry, Func<byte[], T> parse)
        where T : class
    {
        try
        {
            return parse(IsFile(entry) ? File.ReadAllBytes(entry) : Encoding.UTF8.GetBytes(entry));
        }
        catch (Exception e) when (e is KeyFileException or IOException or UnauthorizedAccessException)
        {
            Report(entry, e.Message);
            return null;
        }
    }
}

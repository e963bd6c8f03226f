using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text;
using WireGate.Core.Configuration;
using WireGate.Core.Framing;
using WireGate.Ssh.Keys;

namespace WireGate.Ssh.Upstream;

/// <summary>What targets may prove themselves by: what their configs pin, and what files of known hosts say. Read once for each config.</summary>
internal sealed class KnownUpstreams
{
    private readonly ConditionalWeakTable<TargetConfig, Lazy<Task<KnownKeys>>> _known = [];

    /// <summary>What is known of one address of a target. Its continuation may be anywhere.</summary>
    /// <exception cref="KeyFileException">A key cannot be read, or the file of known hosts.</exception>
    /// <exception cref="IOException">The file cannot be had.</exception>
    public async ValueTask<KnownHost> OfAsync(TargetConfig target, Address address)
    {
        Lazy<Task<KnownKeys>> known = _known.GetValue(target, static t => new Lazy<Task<KnownKeys>>(() => Task.Run(() => ReadAsync(t))));
        try
        {
            return (await known.Value).Of(address);
        }
        catch
        {
            _known.Remove(target);
            throw;
        }
    }

    private static async Task<KnownKeys> ReadAsync(TargetConfig target)
    {
        ImmutableArray<SshPublicKey> pinned = PublicKeyFile.Parse(Peer.Upstream, Encoding.UTF8.GetBytes(string.Join('\n', target.HostKeys)), mayBeEmpty: true);
        return new KnownKeys(pinned, target.KnownHostsPath is { } path ? KnownHosts.Parse(await ReadFileAsync(path)) : null);
    }

    private static async Task<byte[]> ReadFileAsync(string path)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        if (file.Length > KnownHosts.MaxFileLength)
        {
            throw new KeyFileException($"{path} is longer than {KnownHosts.MaxFileLength} bytes");
        }

        byte[] bytes = new byte[file.Length];
        await file.ReadExactlyAsync(bytes);
        return bytes;
    }

    private sealed record KnownKeys(ImmutableArray<SshPublicKey> Pinned, KnownHosts? Hosts)
    {
        public KnownHost Of(Address address)
        {
            KnownHost? listed = Hosts?.Lookup(address.Host!, address.Port);
            return new KnownHost(address.Host!, [.. Pinned, .. listed?.Keys ?? []], listed?.Authorities ?? [], listed?.Revoked ?? []);
        }
    }
}

using System.Runtime.CompilerServices;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Ssh.Keys;

namespace WireGate.Ssh.Transport;

/// <summary>The host keys of each listener, read once for each config.</summary>
internal sealed class ListenerKeys
{
    // Weak, so that the keys of a config that was replaced go with it.
    private readonly ConditionalWeakTable<ListenerConfig, Lazy<Task<HostKeys>>> _keys = [];

    /// <summary>The keys of a listener. Its continuation may be anywhere.</summary>
    /// <exception cref="SecretUnavailableException">A file cannot be read, or others may read it.</exception>
    /// <exception cref="KeyFileException">It is no private key, or needs a passphrase.</exception>
    public async ValueTask<HostKeys> OfAsync(ListenerConfig listener)
    {
        Lazy<Task<HostKeys>> keys = _keys.GetValue(listener, static l => new Lazy<Task<HostKeys>>(() => Task.Run(() => ReadAsync(l.HostKeys))));
        try
        {
            return await keys.Value;
        }
        catch
        {
            // The next client may find the file mended.
            _keys.Remove(listener);
            throw;
        }
    }

    private static async Task<HostKeys> ReadAsync(IEnumerable<string> paths)
    {
        var keys = new List<SshPrivateKey>();
        foreach (string path in paths)
        {
            using Secret file = await new FileSecretSource(path).FetchAsync(fresh: true, CancellationToken.None);
            keys.Add(SshPrivateKey.Parse(file.Span, default));
        }

        return new HostKeys([.. keys]);
    }
}

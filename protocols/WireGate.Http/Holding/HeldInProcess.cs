using System.Collections.Concurrent;
using System.Net;
using WireGate.Core.Sessions;

namespace WireGate.Http.Holding;

/// <summary>What all requests of the process hold together that wait for people, or whose bodies are looked at. Safe to use from any thread.</summary>
internal sealed class HeldInProcess
{
    /// <summary>Bytes of bodies. Ours: some hundred of the longest, and thousands of those that APIs are used to.</summary>
    public const long Most = 64 * 1024 * 1024;

    /// <summary>Bytes of bodies of one identity, so that one that never finishes them leaves room for others.</summary>
    public const long MostOfOne = Most / 4;

    /// <summary>Bytes of bodies of one source that has not proven who it is: all of those have room for one identity together.</summary>
    public const long MostOfSource = MostOfOne / 16;

    private static readonly Identity Nobody = new() { Issuer = "", Subject = "" };

    private readonly ConcurrentDictionary<string, int> _attended = new(StringComparer.Ordinal);
    private readonly Dictionary<Identity, long> _ofEach = [];
    private readonly Lock _lock = new();
    private long _bytes;

    /// <summary>Whose turn it is to have a long body decoded, parsed or hashed.</summary>
    public BodyTurns Turns { get; } = new();

    /// <summary>Bytes that are held.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Who has a body, before it is proven who that is: as many as one IPv4 address or one IPv6 /64 has, or this machine.</summary>
    public static Identity Unproven(IPAddress? source)
    {
        byte[] bytes = source?.GetAddressBytes() ?? [];
        return Nobody with { Subject = Convert.ToHexStringLower(bytes.AsSpan(0, bytes.Length == 16 ? 8 : bytes.Length)) + "/" };
    }

    /// <summary>Takes room for so many bytes more.</summary>
    /// <returns>False: there is none.</returns>
    public bool TryTake(Identity identity, int bytes)
    {
        lock (_lock)
        {
            bool isUnproven = identity.Issuer.Length == 0;
            long ofOne = _ofEach.GetValueOrDefault(identity) + bytes, ofUnproven = _ofEach.GetValueOrDefault(Nobody) + bytes;
            if (_bytes + bytes > Most || (isUnproven ? ofOne > MostOfSource || ofUnproven > MostOfOne : ofOne > MostOfOne))
            {
                return false;
            }

            _ofEach[identity] = ofOne;
            if (isUnproven)
            {
                _ofEach[Nobody] = ofUnproven;
            }

            _bytes += bytes;
            return true;
        }
    }

    /// <summary>Gives room back.</summary>
    public void Return(Identity identity, int bytes)
    {
        if (bytes == 0)
        {
            return;
        }

        lock (_lock)
        {
            Subtract(identity, bytes);
            if (identity.Issuer.Length == 0)
            {
                Subtract(Nobody, bytes);
            }

            _bytes -= bytes;
        }
    }

    private void Subtract(Identity identity, int bytes)
    {
        if ((_ofEach[identity] -= bytes) == 0)
        {
            _ofEach.Remove(identity);
        }
    }

    /// <summary>A client waits for an approval for which no other does.</summary>
    /// <returns>False: another does, and this one does not.</returns>
    public bool TryAttend(string approval) => _attended.TryAdd(approval, 1);

    /// <summary>A client waits for an approval, whoever else does.</summary>
    public void Attend(string approval) => _attended.AddOrUpdate(approval, 1, static (_, clients) => clients + 1);

    /// <summary>A client that waited does no longer.</summary>
    /// <returns>True: no other does.</returns>
    public bool Leave(string approval)
    {
        int left = _attended.AddOrUpdate(approval, 0, static (_, clients) => clients - 1);
        return left == 0 && _attended.TryRemove(KeyValuePair.Create(approval, 0));
    }
}

using System.Buffers.Binary;
using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using WireGate.Core.Sessions;

namespace WireGate.Core.Approvals;

/// <summary>
/// What binds a yes to the bytes that people saw. Every field goes in behind its length, so that no two requests share a text whatever
/// their fields hold.
/// </summary>
public sealed class ApprovalDigest : IDisposable
{
    /// <summary>Bytes of a digest and of a key.</summary>
    public const int Length = SHA256.HashSizeInBytes;

    private const string DigestDomain = "wg-approval/1";
    private const string KeyDomain = "wg-approval-key/3";
    private const long Missing = -1;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>Begins a digest for a protocol that has fields of its own.</summary>
    /// <param name="domain">Says what it is over, with its version.</param>
    public ApprovalDigest(string domain) => Add(domain);

    /// <summary>Digest of one operation: everything that decides what it does, and for whom.</summary>
    /// <param name="protocol">The protocol's name.</param>
    /// <param name="target">The target's name.</param>
    /// <param name="upstream">Where the target is reached.</param>
    /// <param name="login">The login's name within the target.</param>
    /// <param name="requester">Who runs it.</param>
    /// <param name="operation">The kind of operation: <c>query</c>, <c>execute</c>, <c>exec</c>.</param>
    /// <param name="bytes">What is sent upstream.</param>
    /// <param name="parameters">What goes with it: types, values and formats, each as one; null is a value of its own.</param>
    /// <param name="context">Under what circumstances it runs.</param>
    public static byte[] Of(
        string protocol, string target, string upstream, string login, Identity requester, string operation, ReadOnlySpan<byte> bytes,
        ReadOnlySpan<ReadOnlyMemory<byte>?> parameters, FrozenDictionary<string, string> context)
    {
        ArgumentNullException.ThrowIfNull(requester);
        ArgumentNullException.ThrowIfNull(context);
        using ApprovalDigest digest = new(DigestDomain);
        digest.Add(protocol);
        digest.Add(target);
        digest.Add(upstream);
        digest.Add(login);
        digest.Add(requester.Issuer);
        digest.Add(requester.Subject);
        digest.Add(operation);
        digest.Add(bytes);
        digest.Add(parameters);
        digest.AddLength(context.Count);
        foreach ((string name, string value) in context.OrderBy(c => c.Key, StringComparer.Ordinal))
        {
            digest.Add(name);
            digest.Add(value);
        }

        return digest.Finish();
    }

    /// <summary>Key by which the same request is known again: whoever asked beforehand knew neither session nor context.</summary>
    /// <param name="protocol">The protocol's name.</param>
    /// <param name="target">The target's name.</param>
    /// <param name="upstream">Where the target is reached.</param>
    /// <param name="database">The database; null: none.</param>
    /// <param name="login">The login's name within the target.</param>
    /// <param name="subject">The requester's subject.</param>
    /// <param name="bytes">What is sent upstream.</param>
    /// <param name="parameters">What goes with it; null is a value of its own.</param>
    public static byte[] KeyOf(
        string protocol, string target, string upstream, string? database, string login, string subject, ReadOnlySpan<byte> bytes, ReadOnlySpan<ReadOnlyMemory<byte>?> parameters)
    {
        using ApprovalDigest key = new(KeyDomain);
        key.Add(protocol);
        key.Add(target);
        key.Add(upstream);
        key.Add(database);
        key.Add(login);
        key.Add(subject);
        key.Add(bytes);
        key.Add(parameters);
        return key.Finish();
    }

    /// <summary>Adds a field.</summary>
    public void Add(ReadOnlySpan<byte> field)
    {
        AddLength(field.Length);
        _hash.AppendData(field);
    }

    /// <summary>Adds a field; null is not the same as empty.</summary>
    public void Add(string? field)
    {
        if (field is null)
        {
            AddLength(Missing);
        }
        else
        {
            Add(Encoding.UTF8.GetBytes(field).AsSpan());
        }
    }

    /// <summary>Adds a list of fields; null is not the same as empty.</summary>
    public void Add(ReadOnlySpan<ReadOnlyMemory<byte>?> fields)
    {
        AddLength(fields.Length);
        foreach (ReadOnlyMemory<byte>? field in fields)
        {
            if (field is { } value)
            {
                Add(value.Span);
            }
            else
            {
                AddLength(Missing);
            }
        }
    }

    /// <summary>The 32 bytes; the object is at its beginning again, without its domain.</summary>
    public byte[] Finish() => _hash.GetHashAndReset();

    /// <inheritdoc/>
    public void Dispose() => _hash.Dispose();

    private void AddLength(long length)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(bytes, length);
        _hash.AppendData(bytes);
    }
}

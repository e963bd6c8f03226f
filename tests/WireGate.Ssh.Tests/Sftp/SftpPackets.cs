using WireGate.Ssh.Messages;
using WireGate.Ssh.Sftp;

namespace WireGate.Ssh.Tests.Sftp;

/// <summary>SFTP packets as peers send them.</summary>
internal static class SftpPackets
{
    public static byte[] Of(SftpType type, uint id, Func<SshWriter, SshWriter>? fields = null)
    {
        using var body = new SshWriter();
        body.Byte((byte)type).UInt32(id);
        fields?.Invoke(body);
        using var packet = new SshWriter();
        return packet.String(body.WrittenSpan).WrittenSpan.ToArray();
    }

    public static byte[] Init(uint version = 3) => Of(SftpType.SSH_FXP_INIT, version);

    public static byte[] Open(uint id, string path, SftpOpenFlags flags) => Of(SftpType.SSH_FXP_OPEN, id, w => w.String(path).UInt32((uint)flags).UInt32(0));

    public static byte[] Path(SftpType type, uint id, string path) => Of(type, id, w => w.String(path));

    public static byte[] Write(uint id, string handle, byte[] data) => Of(SftpType.SSH_FXP_WRITE, id, w => w.String(handle).UInt64(0).String(data));

    public static byte[] Read(uint id, string handle) => Of(SftpType.SSH_FXP_READ, id, w => w.String(handle).UInt64(0).UInt32(1000));

    public static byte[] Close(uint id, string handle) => Of(SftpType.SSH_FXP_CLOSE, id, w => w.String(handle));

    public static byte[] Rename(uint id, string from, string to) => Of(SftpType.SSH_FXP_RENAME, id, w => w.String(from).String(to));

    public static byte[] Extended(uint id, string name, Func<SshWriter, SshWriter>? fields = null) =>
        Of(SftpType.SSH_FXP_EXTENDED, id, w => fields is null ? w.String(name) : fields(w.String(name)));

    public static byte[] Status(uint id, uint code) => Of(SftpType.SSH_FXP_STATUS, id, w => w.UInt32(code).String("").String(""));

    public static byte[] Handle(uint id, string handle) => Of(SftpType.SSH_FXP_HANDLE, id, w => w.String(handle));

    public static byte[] Data(uint id, byte[] data) => Of(SftpType.SSH_FXP_DATA, id, w => w.String(data));
}

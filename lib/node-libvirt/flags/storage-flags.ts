/** Values of libvirt 11.3, include/libvirt/libvirt-storage.h. */
import { flag } from './flag-set.ts'

/** Makes the pool's folder, with those above it, where it is missing. */
export const VIR_STORAGE_POOL_CREATE_WITH_BUILD = flag<'StoragePoolCreate'>(1)
export const VIR_STORAGE_POOL_CREATE_WITH_BUILD_OVERWRITE = flag<'StoragePoolCreate'>(2)
export const VIR_STORAGE_POOL_CREATE_WITH_BUILD_NO_OVERWRITE = flag<'StoragePoolCreate'>(4)

export const VIR_STORAGE_VOL_CREATE_PREALLOC_METADATA = flag<'StorageVolCreate'>(1)
export const VIR_STORAGE_VOL_CREATE_REFLINK = flag<'StorageVolCreate'>(2)

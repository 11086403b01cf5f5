/** When this tab last had a page kept, by its path, epoch ms. */
export const keptAt = new Map<string, number>()
